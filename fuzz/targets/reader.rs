//! Arbitrary bytes into one of the readers; the environment variable `READER` names it, and
//! `READER=list` prints the names. `fuzz/run` goes through all of them.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use peak_alloc::PeakAlloc;
use portcullis_fuzz::Reader;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

static READER: LazyLock<Reader> = LazyLock::new(|| {
    let name = std::env::var("READER").unwrap_or_default();
    Reader::named(&name).unwrap_or_else(|| {
        println!("{}", Reader::names().collect::<Vec<_>>().join("\n"));
        std::process::exit(i32::from(name != "list"));
    })
});

fuzz_target!(init: LazyLock::force(&READER), |input: &[u8]| {
    let before = PeakAlloc.current_usage();
    PeakAlloc.reset_peak_usage();
    READER.check(input);
    let peak = PeakAlloc.peak_usage().saturating_sub(before);
    let most = portcullis_fuzz::most_memory(input.len());
    assert!(peak <= most, "{peak} bytes of memory for {} bytes of input", input.len());
});
