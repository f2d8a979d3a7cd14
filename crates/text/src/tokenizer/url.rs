//! Web and mail addresses, which are never split.
//!
//! The grammar is optional scheme, optional user, host, optional port, optional path. A host is a dotted
//! name with an alphabetic last label, or a public IPv4 address. Everything is found in one pass: the
//! characters of a host never include the `@` after which the next host could begin.

use super::letters::is_lower;

/// Whether all of `chunk`, which holds no white space, is an address.
pub fn is_url(chunk: &str) -> bool {
    // An address needs a dot between two labels: most words are rejected here.
    if !chunk.contains('.') {
        return false;
    }
    if is_located(chunk) || scheme_length(chunk).is_some_and(|length| is_located(&chunk[length..])) {
        return true;
    }
    // A user of one character or more may stand before the host.
    chunk.match_indices('@').any(|(at, _)| at > 0 && is_located(&chunk[at + 1..]))
}

/// Bytes of a scheme with its `://`, if `chunk` begins with one.
fn scheme_length(chunk: &str) -> Option<usize> {
    let end = chunk.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '+' | '-' | '.')))?;
    (chunk[end..].starts_with("://") && chunk[..end].chars().nth(1).is_some()).then_some(end + 3)
}

/// Whether `text` is a host, with nothing but a port and a path after it.
fn is_located(text: &str) -> bool {
    let host = &text[..text.find([':', '/', '?', '#', '@']).unwrap_or(text.len())];
    (is_address(host) || is_name(host)) && is_port_and_path(&text[host.len()..])
}

fn is_port_and_path(text: &str) -> bool {
    let mut rest = text;
    if let Some(after) = text.strip_prefix(':') {
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        if !(2..=5).contains(&digits) {
            return false;
        }
        rest = &after[digits..];
    }
    rest.is_empty() || rest.starts_with(['/', '?', '#'])
}

/// Whether `host` is a dotted name whose last label has two letters or more.
fn is_name(host: &str) -> bool {
    let Some((labels, last)) = host.rsplit_once('.') else {
        return false;
    };
    let letters = last.chars().take(64).take_while(|&c| is_lower(c)).count();
    let whole = last.chars().take(64).count();
    letters == whole && (2..=63).contains(&letters) && labels.split('.').all(is_label)
}

/// Whether `label` has 1 to 64 characters, with hyphens and underscores on the inside only.
fn is_label(label: &str) -> bool {
    let edge = |c: char| c.is_ascii_alphanumeric() || ('\u{A1}'..='\u{FFFF}').contains(&c);
    label.starts_with(edge)
        && label.ends_with(edge)
        && label.chars().all(|c| edge(c) || matches!(c, '-' | '_'))
        && label.chars().nth(64).is_none()
}

/// Whether `host` is an IPv4 address that is neither private, local, multicast nor a network's own.
fn is_address(host: &str) -> bool {
    let mut parts = [0u32; 4];
    let mut count = 0;
    for part in host.split('.') {
        let digits = (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        // The first and the last number have no leading zero; those between may have two digits with one.
        let zero = part.starts_with('0') && (count == 0 || count == 3 || part.len() == 3);
        if count == 4 || !digits || zero {
            return false;
        }
        parts[count] = part.parse().unwrap_or(u32::MAX);
        count += 1;
    }
    let [a, b, c, d] = parts;
    let private = matches!((a, b), (10 | 127, _) | (169, 254) | (192, 168) | (172, 16..=31));
    count == 4 && !private && (1..=223).contains(&a) && b <= 255 && c <= 255 && (1..=254).contains(&d)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for chunk in [
            "https://x.org/y?z=1",
            "a.b@c.com",
            "example.com:8080/path",
            "www.example.co.uk#part",
            "8.8.8.8",
            "8.8.8.8:53/x",
            "ftp://user:word@host.org",
            "mailto:me@host.org",
            "a@b@c.com",
        ] {
            assert!(is_url(chunk), "{chunk}");
        }
    }

    #[test]
    fn not_addresses() {
        for chunk in [
            "word",
            "e.g",
            "end.Start",
            "10.0.0.1",
            "192.168.0.1",
            "256.1.1.1",
            "a-.com",
            "x.org:1",
            "@c.com",
            "a..com",
        ] {
            assert!(!is_url(chunk), "{chunk}");
        }
    }
}
