//! The findings of a rehearsal: for people at 80 columns, as JSON, and as one HTML page.

mod chart;
mod help;
mod html;
mod json;
mod text;

pub use html::rollout_html;
pub use json::{HelpDeskJson, RolloutJson};
pub use text::rollout_page;

/// A number with a space between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// Parts of a whole, with one decimal.
fn percent(part: u64, whole: u64) -> String {
    match whole {
        0 => "0.0 %".to_owned(),
        _ => format!("{:.1} %", 100.0 * part as f64 / whole as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1 000"), (1_234_567, "1 234 567")];
        for (number, text) in cases {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(percent(1, 8), "12.5 %");
        assert_eq!(percent(0, 0), "0.0 %");
    }
}
