//! Reading the page, also without what makes it comfortable.

use serde_json::json;

use crate::{
    screen::Screen,
    visit::{Visit, ordinary},
};

#[tokio::test]
async fn the_page_says_the_same_without_javascript() {
    let Some(visit) = Visit::begin(Screen::DESKTOP, &ordinary()).await else { return };
    let browser = &visit.browser;
    browser.devtools("Emulation.setScriptExecutionDisabled", json!({"value": true})).await;
    browser.go(&visit.page).await;
    browser.text_with("#card .state", "Waiting for a decision").await;
    browser.text_with("#thread", "Proposed: model-level rollback").await;
    browser.text_with(".foot", "Times are UTC").await;
    visit.act_as("ana", "Ana Ruiz").await;
    browser.click("#decide-approve > summary").await;
    browser.screenshot("7-without-javascript").await;
    browser.click("#decide-approve button").await;
    browser.text_with("#answer", "is signed and kept").await;
    visit.end().await;
}

#[tokio::test]
async fn the_list_leads_to_the_thread_on_a_dark_phone() {
    let Some(visit) = Visit::begin(Screen::PHONE, &ordinary()).await else { return };
    let browser = &visit.browser;
    browser.prefer("dark").await;
    browser.click(".brand").await;
    browser.text_with("#list", "Duplicate rows in the marts").await;
    visit.expect_no_sideways_scrolling().await;
    browser.screenshot("8-list").await;
    browser.click(".row a").await;
    visit.act_as("ana", "Ana Ruiz").await;
    visit.expect_no_sideways_scrolling().await;
    browser.screenshot("9-dark").await;
    visit.end().await;
}
