//! A process that runs beside the test: heads a group of its own, is heard line by line, and ends with the test.

use std::{process::Stdio, sync::Arc};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader},
    process::{Child, Command},
    sync::watch,
    task::JoinSet,
    time::timeout,
};

use super::patience::PATIENCE;

/// A running process.
pub(crate) struct Process {
    child: Child,
    lines: watch::Receiver<Vec<String>>,
    readers: JoinSet<()>,
}

impl Process {
    /// Starts it.
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.process_group(0).spawn().expect("the program starts");
        let (sender, lines) = watch::channel(Vec::new());
        let sender = Arc::new(sender);
        let mut readers = JoinSet::new();
        readers.spawn(listen(child.stdout.take().expect("it is piped"), sender.clone()));
        readers.spawn(listen(child.stderr.take().expect("it is piped"), sender));
        Self { child, lines, readers }
    }

    /// The first line that contains `text`, as soon as it is there.
    pub(crate) async fn line_with(&self, text: &str) -> String {
        let line = self.line_before_its_end(text).await;
        line.unwrap_or_else(|| panic!("no line says `{text}`: {:#?}", *self.lines.borrow()))
    }

    /// The first line that contains `text`; `None` where the process ends without having said it.
    pub(crate) async fn line_before_its_end(&self, text: &str) -> Option<String> {
        let mut lines = self.lines.clone();
        let is_there = |lines: &Vec<String>| lines.iter().any(|line| line.contains(text));
        let found = timeout(PATIENCE, lines.wait_for(is_there)).await;
        let Ok(found) = found else {
            panic!("it neither ends nor says `{text}`: {:#?}", *self.lines.borrow());
        };
        found.ok()?.iter().find(|line| line.contains(text)).cloned()
    }

    /// Asks it to end, as a terminal would: it and what it has started; gives its exit code and all that it has said.
    pub(crate) async fn terminate(mut self) -> (Option<i32>, String) {
        let group = self.pid().expect("it runs");
        kill_process_group(group, Signal::TERM).expect("it can be asked to end");
        let status = timeout(PATIENCE, self.child.wait()).await.expect("it ends when it is asked");
        // The pipes close with the process; what is in them is still to be read.
        while self.readers.join_next().await.is_some() {}
        (status.expect("a status").code(), self.lines.borrow().join("\n"))
    }

    /// `None` once it has ended: its number may be another's then.
    fn pid(&self) -> Option<Pid> {
        self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(group) = self.pid() {
            // It may end by itself in this moment, which is as good.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

async fn listen(pipe: impl AsyncRead + Unpin, heard: Arc<watch::Sender<Vec<String>>>) {
    let mut lines = BufReader::new(pipe).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        heard.send_modify(|lines| lines.push(line));
    }
}
