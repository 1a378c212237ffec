//! The closure form of `#[crucial::cloud_thread]`.

/// Makes a cloud thread of a closure.
#[macro_export]
macro_rules! cloud_closure {
    ($($closure:tt)*) => {
        $crate::__private::cloud_closure! { $crate; $($closure)* }
    };
}
