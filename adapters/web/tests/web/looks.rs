//! The colours, measured: text on its ground has the contrast that WCAG 2 asks for at level AA.

use std::collections::BTreeMap;

use web::asset;

/// Ordinary text.
const TEXT: f64 = 4.5;
/// Edges of controls and marks.
const MARK: f64 = 3.0;

/// The relative luminance of `#rrggbb`.
fn luminance(colour: &str) -> f64 {
    let channel = |place: usize| {
        let byte = u8::from_str_radix(&colour[place..place + 2], 16).unwrap();
        let share = f64::from(byte) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The named colours of the first block and of the block for dark screens.
fn palettes() -> [BTreeMap<&'static str, &'static str>; 2] {
    let css = std::str::from_utf8(asset("style.css").unwrap().1).unwrap();
    let mut roots = css.split(":root {").skip(1).map(|block| {
        let block = block.split('}').next().unwrap();
        let named = block.lines().filter_map(|line| line.trim().split_once(": #"));
        let whole = named.map(|(name, _)| {
            let (_, colour) = block.split_once(&format!("{name}: ")).unwrap();
            (name, &colour[..7])
        });
        whole.collect()
    });
    [roots.next().unwrap(), roots.next().unwrap()]
}

#[test]
fn text_and_marks_stand_out_from_their_ground() {
    let pairs = [
        (TEXT, "--text", vec!["--page", "--surface", "--raised", "--neutral-ground", "--line"]),
        (TEXT, "--muted", vec!["--page", "--surface", "--raised"]),
        (TEXT, "--link", vec!["--page", "--surface"]),
        (TEXT, "--page", vec!["--text"]),
        (TEXT, "--good", vec!["--surface", "--good-ground", "--raised"]),
        (TEXT, "--attention", vec!["--surface", "--attention-ground", "--raised"]),
        (TEXT, "--bad", vec!["--surface", "--bad-ground", "--raised"]),
        (TEXT, "--neutral", vec!["--surface", "--neutral-ground", "--raised"]),
        (TEXT, "--primary-text", vec!["--primary"]),
        (TEXT, "--danger-text", vec!["--danger"]),
        (MARK, "--edge", vec!["--surface", "--page"]),
        (MARK, "--focus", vec!["--surface", "--page", "--raised"]),
    ];
    for (palette, screen) in palettes().iter().zip(["light", "dark"]) {
        for (least, colour, grounds) in &pairs {
            for ground in grounds {
                let measured = contrast(palette[colour], palette[ground]);
                assert!(measured >= *least, "{screen}: {colour} on {ground} is {measured:.2}");
            }
        }
    }
}

#[test]
fn the_styles_fetch_nothing() {
    let css = std::str::from_utf8(asset("style.css").unwrap().1).unwrap();
    for word in ["url(", "@import", "http:", "https:"] {
        assert!(!css.contains(word), "the styles name {word}");
    }
}
