//! Ownership of C objects.

use std::ptr::NonNull;

/// A C object that is destroyed when this goes out of scope.
pub(super) struct Owned<T> {
    object: NonNull<T>,
    destroy: unsafe extern "C" fn(*mut T),
}

impl<T> Owned<T> {
    /// Takes an object over; `None` when the pointer is null.
    ///
    /// # Safety
    /// The caller owns the object, nobody else destroys it, and `destroy` is its destructor.
    pub(super) unsafe fn new(object: *mut T, destroy: unsafe extern "C" fn(*mut T)) -> Option<Self> {
        NonNull::new(object).map(|object| Self { object, destroy })
    }

    /// The object, valid as long as this guard.
    pub(super) fn ptr(&self) -> *mut T {
        self.object.as_ptr()
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: `new` was promised a live object that only this guard destroys, and its own destructor.
        unsafe { (self.destroy)(self.object.as_ptr()) }
    }
}

/// The pointers of some guards as C wants an array of them; valid as long as the guards.
pub(super) fn pointers<T>(guards: &[Owned<T>]) -> Vec<*mut T> {
    guards.iter().map(Owned::ptr).collect()
}

/// An array that C returned as address and length.
///
/// # Safety
/// `items` is null or the address of `count` initialised elements that outlive `'a`.
pub(super) unsafe fn array<'a, T>(items: *const T, count: usize) -> &'a [T] {
    if items.is_null() {
        return &[];
    }
    // SAFETY: not null, and the rest is the caller's promise.
    unsafe { std::slice::from_raw_parts(items, count) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    unsafe extern "C" fn count(cell: *mut Cell<u32>) {
        // SAFETY: the tests hand in a live cell.
        let cell = unsafe { &*cell };
        cell.set(cell.get() + 1);
    }

    #[test]
    fn an_object_is_destroyed_once() {
        let mut cell = Cell::new(0);
        // SAFETY: `count` only counts, and the cell outlives the guard.
        drop(unsafe { Owned::new(&raw mut cell, count) });
        assert_eq!(cell.get(), 1);
    }

    #[test]
    fn null_is_no_object_and_no_array() {
        // SAFETY: null is allowed.
        assert!(unsafe { Owned::<Cell<u32>>::new(std::ptr::null_mut(), count) }.is_none());
        // SAFETY: null is allowed.
        assert!(unsafe { array::<u8>(std::ptr::null(), 3) }.is_empty());
    }
}
