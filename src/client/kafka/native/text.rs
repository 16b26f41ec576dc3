//! Strings to and from C.

use super::outcome::NativeError;
use std::ffi::{CStr, CString, c_char};

/// A copy of a C string; `None` for null.
///
/// # Safety
/// `text` is null or a NUL-terminated string that lives for the time of this call.
pub(super) unsafe fn text(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not null, and the rest is the caller's promise.
    Some(unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}

/// A copy for C.
///
/// # Errors
/// A text with a NUL character in it.
pub(super) fn c_string(text: &str) -> Result<CString, NativeError> {
    CString::new(text).map_err(|_| NativeError::local(format!("{text:?} contains a NUL character")))
}

/// Where C writes why it refused an argument.
pub(super) struct Complaint([c_char; 512]);

impl Complaint {
    pub(super) fn new() -> Self {
        Self([0; 512])
    }

    pub(super) fn ptr(&mut self) -> *mut c_char {
        self.0.as_mut_ptr()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn text(&self) -> String {
        // SAFETY: the buffer starts as zeros, and librdkafka terminates what it writes within the length it was given.
        unsafe { text(self.0.as_ptr()) }.unwrap_or_default()
    }
}
