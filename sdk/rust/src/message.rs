/// The two messages of an exchange, as the ABI numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    Request = 0,
    Reply = 1,
}
