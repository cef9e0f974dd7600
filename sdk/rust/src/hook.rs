/// Exports a handler as a hook of the plugin.
///
/// The hooks are `pre`, `auth`, `post_key_auth`, `rate_limit`, `post`,
/// `virtual`, `response` and `event`; others do not compile. A handler is a
/// function that takes an [`Exchange`] and returns a [`Verdict`], or a
/// [`Result`] with one.
///
/// ```
/// # use sallyport::{Exchange, Verdict};
/// sallyport::hook!(response, stamp);
///
/// fn stamp(x: &Exchange) -> sallyport::Result<Verdict> {
///     x.reply().header().set("X-Via", "sallyport")?;
///     Ok(Verdict::Continue)
/// }
/// ```
///
/// ```compile_fail
/// # use sallyport::{Exchange, Verdict};
/// sallyport::hook!(misspelled, stamp);
/// # fn stamp(x: &Exchange) -> Verdict { Verdict::Continue }
/// ```
///
/// [`Exchange`]: crate::Exchange
/// [`Verdict`]: crate::Verdict
/// [`Result`]: crate::Result
#[macro_export]
macro_rules! hook {
    (pre, $handler:expr) => {
        $crate::__export!(sallyport_pre, $handler);
    };
    (auth, $handler:expr) => {
        $crate::__export!(sallyport_auth, $handler);
    };
    (post_key_auth, $handler:expr) => {
        $crate::__export!(sallyport_post_key_auth, $handler);
    };
    (rate_limit, $handler:expr) => {
        $crate::__export!(sallyport_rate_limit, $handler);
    };
    (post, $handler:expr) => {
        $crate::__export!(sallyport_post, $handler);
    };
    (virtual, $handler:expr) => {
        $crate::__export!(sallyport_virtual, $handler);
    };
    (response, $handler:expr) => {
        $crate::__export!(sallyport_response, $handler);
    };
    (event, $handler:expr) => {
        $crate::__export!(sallyport_event, $handler);
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(target_arch = "wasm32")]
macro_rules! __export {
    ($export:ident, $handler:expr) => {
        const _: () = {
            #[no_mangle]
            extern "C" fn $export() -> i32 {
                let handler: fn(&$crate::Exchange) -> _ = $handler;
                // SAFETY: the gateway calls hooks one after the other, and
                // nothing else can name this function.
                unsafe { $crate::__run(handler) }
            }
        };
    };
}

// On the host a hook is only checked: tests call its handler.
#[doc(hidden)]
#[macro_export]
#[cfg(not(target_arch = "wasm32"))]
macro_rules! __export {
    ($export:ident, $handler:expr) => {
        const _: () = {
            #[allow(dead_code)]
            fn $export(x: &$crate::Exchange) -> $crate::Verdict {
                let handler: fn(&$crate::Exchange) -> _ = $handler;
                $crate::Outcome::verdict(handler(x), x)
            }
        };
    };
}

/// Makes a panic end the hook, in plugins without std:
///
/// ```ignore
/// #![cfg_attr(target_arch = "wasm32", no_std)]
/// sallyport::panic_handler!();
/// ```
///
/// The message is not formatted, which keeps such plugins at a few kilobytes.
/// On other platforms it does nothing.
#[macro_export]
macro_rules! panic_handler {
    () => {
        #[cfg(target_arch = "wasm32")]
        #[panic_handler]
        fn panic(_: &core::panic::PanicInfo) -> ! {
            $crate::__trap()
        }
    };
}

/// Calls a handler with the exchange of this instance.
///
/// # Safety
///
/// No other call may be running.
#[cfg(target_arch = "wasm32")]
pub unsafe fn __run<O: crate::Outcome>(handler: fn(&crate::Exchange) -> O) -> i32 {
    use core::cell::UnsafeCell;

    use crate::host::Host;
    use crate::Exchange;

    /// The first size of the buffer: static data, so that a plugin whose hooks
    /// stay below it never grows its memory.
    const FIRST: usize = 4096;

    struct Instance(Exchange, UnsafeCell<[u8; FIRST]>);
    // SAFETY: an instance has one thread.
    unsafe impl Sync for Instance {}
    static INSTANCE: Instance = Instance(Exchange::new(Host), UnsafeCell::new([0; FIRST]));

    let x = &INSTANCE.0;
    x.arena.reset(INSTANCE.1.get().cast(), FIRST);
    handler(x).verdict(x) as i32
}
