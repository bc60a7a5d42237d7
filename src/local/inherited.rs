//! Streams that came along from whoever started us. It closes them; which ones stay is not negotiable: the first three.

/// Closes every descriptor above standard error that survived `exec`, such as a caller's pipe: a background process that keeps
/// one open makes the caller's `$(…)` wait forever. Our own ones do not survive `exec` and are left alone. Linux only:
/// elsewhere the flag of a foreign descriptor cannot be read without `unsafe`.
#[cfg(target_os = "linux")]
pub fn close_inherited() {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else { return };
    let numbers: Vec<i32> = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    for number in numbers.into_iter().filter(|number| *number > 2 && survives_exec(*number)) {
        // It is gone either way (close(2)).
        let _ = nix::unistd::close(number);
    }
}

/// Does nothing here.
#[cfg(not(target_os = "linux"))]
pub fn close_inherited() {}

/// The flag as the kernel tells it (proc_pid_fdinfo(5)); false for a descriptor that is already gone.
#[cfg(target_os = "linux")]
fn survives_exec(number: i32) -> bool {
    let Ok(text) = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}")) else { return false };
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:"));
    let bits = flags.and_then(|octal| u32::from_str_radix(octal.trim(), 8).ok());
    bits.is_some_and(|bits| bits & rustix::fs::OFlags::CLOEXEC.bits() == 0)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn our_own_files_stay_and_the_callers_go() {
        let file = tempfile::tempfile().unwrap();
        assert!(!survives_exec(file.as_raw_fd()));
        let callers = rustix::io::fcntl_dupfd_cloexec(&file, 400).unwrap();
        rustix::io::fcntl_setfd(&callers, rustix::io::FdFlags::empty()).unwrap();
        let number = callers.as_raw_fd();
        assert!(survives_exec(number));
        // From here on the number is `close_inherited`'s to close.
        std::mem::forget(callers);
        close_inherited();
        assert!(!std::path::Path::new(&format!("/proc/self/fd/{number}")).exists());
        assert!(file.metadata().is_ok());
    }
}
