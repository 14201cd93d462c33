//! Installations in which something has happened.

use serde_json::json;

use crate::installation::{CUSTOMERS, Installation, ORDERS, Serving};

impl Installation {
    /// A bot serves, and an incident waits for a decision of level 1; gives its id.
    pub(crate) async fn waiting() -> (Self, Serving, String) {
        let installation = Self::fresh().await;
        let serving = installation.serve().await;
        let details = json!({"models": format!("{ORDERS}, {CUSTOMERS}")});
        installation.alert(&serving, "Duplicate rows in the marts", &details).await;
        let incident = serving.incident_in("Waiting for a decision").await;
        (installation, serving, incident)
    }

    /// One incident was rolled back, and the bot has ended; gives the incident's id.
    pub(crate) async fn rolled_back() -> (Self, String) {
        let (installation, serving, incident) = Self::waiting().await;
        let page = serving.decide(&incident, "ana", "approve").await;
        assert!(page.contains("signed and kept"), "{page}");
        serving.incident_in("Rolled back").await;
        let (code, log) = serving.process.terminate().await;
        assert_eq!(code, Some(0), "{log}");
        assert_eq!(installation.warehouse.version(ORDERS), "11");
        (installation, incident)
    }
}
