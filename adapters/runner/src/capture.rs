//! Reads both outputs of a child while it runs, line by line. Reading can be interrupted between any
//! two pieces and taken up again; nothing that was read is lost.

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{ChildStderr, ChildStdout},
};

use crate::{
    capped_output::CappedOutput,
    command::{Command, Stream},
    line_splitter::LineSplitter,
    redactor::Redactor,
};

const PIECE_BYTES: usize = 8 * 1024;

/// The outputs of one child and what was read of them.
pub(crate) struct Capture<F> {
    stdout: Pipe<ChildStdout>,
    stderr: Pipe<ChildStderr>,
    sink: Sink<F>,
}

/// What a capture has collected.
pub(crate) struct Captured {
    pub(crate) output: String,
    pub(crate) left_out_bytes: u64,
    pub(crate) last_stdout_line: Option<String>,
}

impl<F: FnMut(Stream, &str)> Capture<F> {
    /// Reads from these pipes, within the limits of the command.
    pub(crate) fn new(
        command: &Command,
        stdout: ChildStdout,
        stderr: ChildStderr,
        on_line: F,
    ) -> Self {
        Self {
            stdout: Pipe::new(stdout, command.line_cap),
            stderr: Pipe::new(stderr, command.line_cap),
            sink: Sink {
                redactor: Redactor::new(&command.secrets),
                output: CappedOutput::new(command.output_cap),
                last_stdout_line: None,
                on_line,
            },
        }
    }

    /// Whether nobody can write any more.
    pub(crate) fn is_at_end(&self) -> bool {
        self.stdout.reader.is_none() && self.stderr.reader.is_none()
    }

    /// Reads until nobody can write any more. Dropping this future loses nothing.
    pub(crate) async fn read_to_end(&mut self) {
        while !self.is_at_end() {
            tokio::select! {
                count = self.stdout.fill(), if self.stdout.reader.is_some() => {
                    self.sink.take(Stream::Stdout, &mut self.stdout, count);
                }
                count = self.stderr.fill(), if self.stderr.reader.is_some() => {
                    self.sink.take(Stream::Stderr, &mut self.stderr, count);
                }
            }
        }
    }

    /// Stops reading, closes the pipes and gives back what there is.
    pub(crate) fn finish(mut self) -> Captured {
        self.sink.take(Stream::Stdout, &mut self.stdout, 0);
        self.sink.take(Stream::Stderr, &mut self.stderr, 0);
        let (output, left_out_bytes) = self.sink.output.into_text();
        Captured { output, left_out_bytes, last_stdout_line: self.sink.last_stdout_line }
    }
}

struct Pipe<R> {
    /// Absent after its end.
    reader: Option<R>,
    piece: Box<[u8; PIECE_BYTES]>,
    lines: LineSplitter,
}

impl<R: AsyncRead + Unpin> Pipe<R> {
    fn new(reader: R, line_cap: usize) -> Self {
        let lines = LineSplitter::new(line_cap);
        Self { reader: Some(reader), piece: Box::new([0; PIECE_BYTES]), lines }
    }

    /// Reads one piece and says how many bytes it has. Zero is the end; so is a pipe that breaks.
    async fn fill(&mut self) -> usize {
        match &mut self.reader {
            Some(reader) => reader.read(&mut self.piece[..]).await.unwrap_or(0),
            None => 0,
        }
    }
}

struct Sink<F> {
    redactor: Redactor,
    output: CappedOutput,
    last_stdout_line: Option<String>,
    on_line: F,
}

impl<F: FnMut(Stream, &str)> Sink<F> {
    fn take<R>(&mut self, stream: Stream, pipe: &mut Pipe<R>, count: usize) {
        let Self { redactor, output, last_stdout_line, on_line } = self;
        let mut emit = |line: &str| {
            output.push_line(line);
            if stream == Stream::Stdout && !line.trim().is_empty() {
                *last_stdout_line = Some(line.to_owned());
            }
            on_line(stream, line);
        };
        if count == 0 {
            pipe.reader = None;
            pipe.lines.finish(redactor, &mut emit);
        } else {
            pipe.lines.feed(&pipe.piece[..count], redactor, &mut emit);
        }
    }
}
