//! Decisions on the page.

use crate::{
    installation::ORDERS,
    screen::Screen,
    visit::{Visit, grave, ordinary},
};

const TAB: char = '\u{e004}';
const ENTER: char = '\u{e007}';
const ESCAPE: char = '\u{e00c}';
/// More keys than the page has places to stop at.
const STOPS: usize = 60;

const APPROVE: &str = "#decide-approve > summary";
const SIGN: &str = "#decide-approve button";

/// From the proposal to the verified rollback, with an onlooker in a second tab who touches nothing.
async fn approve(screen: Screen) {
    let Some(visit) = Visit::begin(screen, &ordinary()).await else { return };
    let browser = &visit.browser;
    browser.screenshot("1-choosing").await;
    visit.act_as("ana", "Ana Ruiz").await;
    visit.expect_no_sideways_scrolling().await;
    browser.expect_within_reach(APPROVE).await;
    browser.screenshot("2-waiting").await;
    browser.open_tab().await;
    browser.go(&visit.page).await;
    browser.text_with("#card .state", "Waiting for a decision").await;
    visit.mark().await;
    browser.show_tab(0).await;

    browser.click(APPROVE).await;
    browser.expect_within_reach(SIGN).await;
    visit.expect_no_sideways_scrolling().await;
    browser.screenshot("3-signing").await;
    browser.click(SIGN).await;
    browser.text_with("#answer", "is signed and kept").await;
    expect_rolled_back(&visit).await;
    browser.screenshot("4-rolled-back").await;
    lift(&visit).await;

    browser.show_tab(1).await;
    browser.text_with("#card", "Lifted by").await;
    visit.expect_marked().await;
    assert_eq!(browser.console_errors().await, [""; 0], "the onlooker's console reports errors");
    browser.show_tab(0).await;
    assert_eq!(visit.warehouse().version(ORDERS), "11");
    visit.end().await;
}

/// Lets come again what was rolled back, and says why.
async fn lift(visit: &Visit) {
    let browser = &visit.browser;
    browser.click("#decide-lift_hold > summary").await;
    browser.expect_within_reach("#decide-lift_hold button").await;
    browser.type_into("#reason-lift_hold", "the fix is merged").await;
    browser.screenshot("5-lifting").await;
    browser.click("#decide-lift_hold button").await;
    browser.text_with("#answer", "is lifted; your decision is signed and kept").await;
    browser.text_with("#card", "Lifted by").await;
    browser.text_with("#thread", "lifted the hold of prod: the fix is merged").await;
    assert_eq!(browser.all("#decisions details").await, [""; 0], "buttons are left");
    visit.expect_no_sideways_scrolling().await;
    browser.screenshot("6-lifted").await;
}

/// The page says that it is done, with every step, and offers nothing but to lift the hold.
async fn expect_rolled_back(visit: &Visit) {
    let browser = &visit.browser;
    browser.text_with("#card .state", "Rolled back").await;
    browser.text_with("#thread", "Rolled back: every step is done").await;
    assert_eq!(browser.all("#card-steps .step").await.len(), 4);
    assert_eq!(browser.all("#card-steps .step-done").await.len(), 4);
    let thread = browser.texts("#thread .said").await.join("\n");
    let mut rest = thread.as_str();
    for line in [
        "Proposed",
        "approved",
        "Step 1 of 4",
        "Step 2 of 4",
        "Step 3 of 4",
        "Step 4 of 4",
        "Rolled back",
    ] {
        rest = rest.split_once(line).unwrap_or_else(|| panic!("no `{line}` in order: {thread}")).1;
    }
    browser.text_with("#thread", "prod is held").await;
    let offered = browser.all("#decisions details").await;
    assert_eq!(offered.len(), 1, "only the hold can be lifted");
    visit.expect_no_sideways_scrolling().await;
}

#[tokio::test]
async fn approved_on_a_desk() {
    approve(Screen::DESKTOP).await;
}

#[tokio::test]
async fn approved_on_a_phone() {
    approve(Screen::PHONE).await;
}

/// Neither a level too low nor no level at all: the page says why, and who could.
async fn refuse(screen: Screen) {
    let Some(visit) = Visit::begin(screen, &grave()).await else { return };
    let browser = &visit.browser;
    visit.act_as("ana", "Ana Ruiz").await;
    browser.click(APPROVE).await;
    browser.click(SIGN).await;
    let answer = browser.text_with("#answer", "This needs level 4").await;
    assert!(answer.contains("you hold level 1"), "{answer}");
    assert!(answer.contains("Cleo Martin and Vic Tanaka can decide"), "{answer}");
    visit.expect_no_sideways_scrolling().await;
    browser.screenshot("5-refused").await;

    visit.act_as("sam", "Sam Weber").await;
    browser.click(APPROVE).await;
    browser.click(SIGN).await;
    let answer = browser.text_with("#answer", "level").await;
    assert!(answer.contains("People without a level watch"), "{answer}");
    browser.text_with("#card .state", "Waiting for a decision").await;
    assert_eq!(visit.warehouse().calls("promote"), 0);
    visit.end().await;
}

#[tokio::test]
async fn refused_on_a_desk() {
    refuse(Screen::DESKTOP).await;
}

#[tokio::test]
async fn refused_on_a_phone() {
    refuse(Screen::PHONE).await;
}

#[tokio::test]
async fn the_keyboard_is_enough() {
    let Some(visit) = Visit::begin(Screen::DESKTOP, &ordinary()).await else { return };
    let browser = &visit.browser;
    tab_to(&visit, ".personas button[value=ana]").await;
    browser.press(ENTER).await;
    browser.whole_page_with(".demo", "You act as Ana Ruiz").await;
    tab_to(&visit, APPROVE).await;
    browser.screenshot("6-focus").await;
    browser.press(ENTER).await;
    tab_to(&visit, SIGN).await;
    // Whoever has second thoughts is back at the button, with the dialog closed.
    browser.press(ESCAPE).await;
    assert!(is_focused(&visit, APPROVE).await, "Escape loses the place");
    assert!(browser.all("#decide-approve[open]").await.is_empty(), "Escape leaves it open");
    browser.press(ENTER).await;
    tab_to(&visit, SIGN).await;
    browser.press(ENTER).await;
    browser.text_with("#answer", "is signed and kept").await;
    browser.text_with("#card .state", "Rolled back").await;
    visit.end().await;
}

/// Presses Tab until an element has the focus.
async fn tab_to(visit: &Visit, selector: &str) {
    for _ in 0..STOPS {
        if is_focused(visit, selector).await {
            return;
        }
        visit.browser.press(TAB).await;
    }
    panic!("Tab never comes to {selector}");
}

async fn is_focused(visit: &Visit, selector: &str) -> bool {
    let script = format!("return document.activeElement.matches({})", serde_json::json!(selector));
    visit.browser.evaluate(&script).await == true
}
