/// The items of a list.
#[derive(Clone, Debug)]
pub struct Items<'x> {
    lengths: &'x [u8],
    items: &'x [u8],
}

impl<'x> Items<'x> {
    /// Reads a list as the gateway writes it: a count, the length of each
    /// item, and then the items; all numbers are 32-bit little endian.
    pub(crate) fn of(list: &'x [u8]) -> Items<'x> {
        let head = match list.get(..4) {
            Some(count) => 4 + 4 * number(count),
            None => return Items { lengths: &[], items: &[] },
        };
        Items { lengths: &list[4..head], items: &list[head..] }
    }
}

impl<'x> Iterator for Items<'x> {
    type Item = &'x [u8];

    fn next(&mut self) -> Option<&'x [u8]> {
        let n = number(self.lengths.get(..4)?);
        let (item, rest) = self.items.split_at(n);
        self.lengths = &self.lengths[4..];
        self.items = rest;
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let n = self.lengths.len() / 4;
        (n, Some(n))
    }
}

impl ExactSizeIterator for Items<'_> {}

/// The items of a list two at a time: name and value.
#[derive(Clone, Debug)]
pub struct Pairs<'x>(pub(crate) Items<'x>);

impl<'x> Iterator for Pairs<'x> {
    type Item = (&'x [u8], &'x [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        Some((self.0.next()?, self.0.next()?))
    }
}

fn number(b: &[u8]) -> usize {
    u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize
}
