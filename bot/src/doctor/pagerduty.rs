//! PagerDuty: can its webhooks be believed, and does the token read?

use pagerduty::PagerDutyApi;

use super::Finding;
use crate::config::Config;

const CHECK: &str = "pagerduty";

pub(super) async fn examine(config: &Config) -> Vec<Finding> {
    let section = &config.pagerduty;
    let webhooks = if section.webhook_secrets.is_empty() {
        Finding::problem(CHECK, "there is no webhook secret: every webhook is refused")
            .fix("Write the secret of the webhook subscription into `pagerduty.webhook_secrets`")
    } else {
        Finding::ok(CHECK, "there is a secret to verify webhooks with")
    };
    let Some(token) = &section.api_token else {
        let blind = "there is no API token: an alert's details are not read, and nothing is made up for lost webhooks";
        let fix = "Write a read-only REST API key into `pagerduty.api_token`";
        return vec![webhooks, Finding::warning(CHECK, blind).fix(fix)];
    };
    let api = PagerDutyApi::new(&section.api_url, token, section.from.as_deref());
    let tried = match api {
        Ok(api) => api.try_token().await,
        Err(error) => Err(error),
    };
    let token = match tried {
        Ok(()) => Finding::ok(CHECK, "the API token reads incidents"),
        Err(error) => {
            let fix = if error.is_transient() {
                "Check the way to `pagerduty.api_url`, and PagerDuty's own status page"
            } else {
                "Check `pagerduty.api_token` and `pagerduty.api_url`; an account in the EU has another address"
            };
            Finding::problem(CHECK, format!("{:#}", anyhow::Error::new(error))).fix(fix)
        }
    };
    vec![webhooks, token]
}
