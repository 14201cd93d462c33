//! The two sizes in which the page is looked at.

use serde_json::{Value, json};

/// A screen.
#[derive(Clone, Copy)]
pub(crate) struct Screen {
    /// For the names of pictures.
    pub(crate) name: &'static str,
    /// In CSS pixels.
    pub(crate) width: u32,
    height: u32,
    is_phone: bool,
}

impl Screen {
    pub(crate) const DESKTOP: Self =
        Self { name: "desktop", width: 1280, height: 900, is_phone: false };
    pub(crate) const PHONE: Self = Self { name: "phone", width: 390, height: 844, is_phone: true };

    /// The screen as Chromium emulates it.
    pub(crate) fn metrics(self) -> Value {
        json!({
            "width": self.width,
            "height": self.height,
            "deviceScaleFactor": if self.is_phone { 2 } else { 1 },
            "mobile": self.is_phone,
        })
    }
}
