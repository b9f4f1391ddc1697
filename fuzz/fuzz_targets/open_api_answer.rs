#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    tenure_fuzz::run("open_api_answer", bytes);
});
