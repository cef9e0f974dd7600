//! As much JSON as the fake needs to find members as the gateway does.

use std::char;
use std::string::String;

/// Returns a member of an object: strings as their text, everything else as
/// JSON. The empty name is the whole object.
pub(crate) fn member(object: &str, name: &str) -> Option<String> {
    if name.is_empty() {
        return Some(object.into());
    }
    let mut rest = object.trim().strip_prefix('{')?;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        let (key, after) = value(rest)?;
        let (item, after) = value(after.trim_start().strip_prefix(':')?.trim_start())?;
        if text(key) == name {
            return Some(text(item));
        }
        rest = after;
    }
}

/// Splits off the value at the beginning.
fn value(s: &str) -> Option<(&str, &str)> {
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    for (i, c) in s.char_indices() {
        if quoted {
            quoted = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            '"' => quoted = true,
            '{' | '[' => depth += 1,
            '}' | ']' | ',' | ':' if depth == 0 => return split(s, i),
            '}' | ']' => depth -= 1,
            _ => {}
        }
    }
    split(s, s.len())
}

fn split(s: &str, at: usize) -> Option<(&str, &str)> {
    let head = s[..at].trim_end();
    if head.is_empty() {
        return None;
    }
    Some((head, &s[at..]))
}

/// Returns the text of a string, and any other JSON as it is.
fn text(json: &str) -> String {
    match json.strip_prefix('"').and_then(|s| s.strip_suffix('"')) {
        Some(quoted) => unescape(quoted),
        None => json.into(),
    }
}

fn unescape(mut s: &str) -> String {
    let mut text = String::new();
    while let Some(at) = s.find('\\') {
        text.push_str(&s[..at]);
        let code = s[at + 1..].chars().next().unwrap_or('\\');
        s = s.get(at + 2..).unwrap_or("");
        match code {
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            'n' => text.push('\n'),
            'r' => text.push('\r'),
            't' => text.push('\t'),
            'u' => text.push(code_point(&mut s)),
            c => text.push(c),
        }
    }
    text + s
}

/// Reads the digits behind `\u`, and those of the other half of a pair.
fn code_point(s: &mut &str) -> char {
    let high = hex(s);
    if !(0xd800..0xdc00).contains(&high) || !s.starts_with("\\u") {
        return char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER);
    }
    *s = &s[2..];
    let low = hex(s);
    char::from_u32(0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn hex(s: &mut &str) -> u32 {
    let digits = s.get(..4).unwrap_or("");
    *s = &s[digits.len()..];
    u32::from_str_radix(digits, 16).unwrap_or(0xfffd)
}
