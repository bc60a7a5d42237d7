//! The `adit` program: hands its arguments to the library and ends with the code that comes back.

fn main() -> std::process::ExitCode {
    adit::cli::run(std::env::args_os())
}
