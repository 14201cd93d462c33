//! Whoever reads what a command prints may have read enough: `countersign timeline INC | head`.

use std::panic;

/// What a shell says of a program that ended because nobody reads it any more: 128 and the number of SIGPIPE.
const NOBODY_READS: i32 = 141;

/// From now on the program ends without a word once nobody reads its standard output any more. Rust ignores the signal
/// by which other programs do, and printing panics instead. Not for a process that serves: it has more to do than to print.
pub(super) fn end_with_the_reader() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let is_gone = panic.payload_as_str().is_some_and(|text| {
            text.starts_with("failed printing to stdout") && text.contains("Broken pipe")
        });
        if is_gone {
            std::process::exit(NOBODY_READS);
        }
        usual(panic);
    }));
}
