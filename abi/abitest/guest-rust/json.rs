//! Reads the JSON of scripts: an object of lists of strings that the gateway
//! has checked.

use std::iter::Peekable;
use std::str::Chars;

/// Returns the list under a name; without one it is empty.
pub fn lines(script: &str, name: &str) -> Vec<String> {
    let mut s = script.chars().peekable();
    while let Some(key) = string(&mut s) {
        let list = list(&mut s);
        if key == name {
            return list;
        }
    }
    Vec::new()
}

/// Reads a list up to its end.
fn list(s: &mut Peekable<Chars<'_>>) -> Vec<String> {
    let mut items = Vec::new();
    loop {
        match s.peek() {
            Some('"') => items.extend(string(s)),
            Some(']') | None => return items,
            Some(_) => drop(s.next()),
        }
    }
}

/// Reads the next string, if there is one.
fn string(s: &mut Peekable<Chars<'_>>) -> Option<String> {
    s.find(|&c| c == '"')?;
    let mut text = String::new();
    loop {
        match s.next()? {
            '"' => return Some(text),
            '\\' => text.push(escape(s)?),
            c => text.push(c),
        }
    }
}

/// Decodes what follows a backslash.
fn escape(s: &mut Peekable<Chars<'_>>) -> Option<char> {
    Some(match s.next()? {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return code_point(s),
        c => c,
    })
}

fn code_point(s: &mut Peekable<Chars<'_>>) -> Option<char> {
    let high = hex(s)?;
    if !(0xd800..0xdc00).contains(&high) {
        return char::from_u32(high);
    }
    s.nth(1)?;
    char::from_u32(0x10000 + ((high & 0x3ff) << 10) + (hex(s)? & 0x3ff))
}

fn hex(s: &mut Peekable<Chars<'_>>) -> Option<u32> {
    (0..4).try_fold(0, |n, _| Some(n << 4 | s.next()?.to_digit(16)?))
}
