//go:build !race

package console_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// views are the pages, and a text that each has only with data of a running sidecar.
var views = []struct{ path, text string }{
	{"", "Logins"}, {"rules", "json:access_token"}, {"keys", "active"}, {"users", "User id"},
	{"tokens", "Decoded in the browser"}, {"data", "Name of the claim"}, {"data?tab=file", "user_id_field: account"}, {"freshness", "The promise"},
}

// signIn signs in through the page.
func (b *tab) signIn(console string) {
	b.Helper()
	b.open(console + "sign-in")
	b.fill("#token", adminToken)
	b.press(kb.Enter)
	b.see("Sign out")
}

func TestViews_ShowDataInEveryWindow(t *testing.T) {
	t.Parallel() // most of it is waiting for figures
	s := start(t, withToken)
	s.trickle(t)
	b := newTab(t)
	console := s.Admin.URL("/")
	b.signIn(console)
	b.open(console)
	b.wait(`document.querySelector(".plot path.line")?.getAttribute("d")?.length > 10`)
	for _, view := range views {
		for _, width := range []int64{1280, 360} {
			b.do(chromedp.EmulateViewport(width, 900))
			b.open(console + view.path)
			b.wait(`(document.body.innerText + (document.querySelector("#text")?.value ?? "")).includes(%q)`, view.text)
			for _, dark := range []bool{false, true} {
				b.dark(dark)
				b.checkAccessible(fmt.Sprintf("/%s, %d wide, dark %v", view.path, width, dark))
			}
		}
	}
}

func TestOverview_RefreshesItself(t *testing.T) {
	t.Parallel()
	s := start(t, withToken)
	s.trickle(t)
	b := newTab(t)
	b.open(s.Admin.URL("/"))
	b.wait(`document.querySelector(".plot path.line")?.getAttribute("d")?.length > 10`)
	b.eval(`window.before = [...document.querySelectorAll(".plot path.line")].map(e => e.getAttribute("d")).join()`)
	b.eval(`document.querySelector(".plot summary").click()`)
	b.eval(`document.querySelectorAll(".plot .lines")[1].focus()`)
	b.eval(`window.focused = document.activeElement.closest(".plot").id`)
	b.wait(`[...document.querySelectorAll(".plot path.line")].map(e => e.getAttribute("d")).join() !== window.before`)
	if b.eval(`!!document.querySelector(".plot details").open`) != "true" {
		t.Error("the refresh closed the table of numbers")
	}
	if b.eval(`document.activeElement.closest(".plot")?.id === window.focused`) != "true" {
		t.Error("the refresh moved the focus")
	}
	b.press(kb.ArrowLeft, kb.ArrowLeft)
	if got := b.eval(`document.activeElement.closest(".plot").querySelector("[data-at]").innerText`); !strings.Contains(got, "ago") {
		t.Errorf("the arrow keys show %q, want values of some time ago", got)
	}
}

func TestPlot_ShowsTheValuesUnderThePointer(t *testing.T) {
	t.Parallel()
	s := start(t, withToken)
	s.trickle(t)
	b := newTab(t)
	b.open(s.Admin.URL("/"))
	b.wait(`document.querySelector(".plot path.line")?.getAttribute("d")?.length > 10`)
	at := b.eval(`(document.querySelector(".plot .lines").scrollIntoView(), (r => [r.left + r.width / 2, r.top + r.height / 2].join(" "))(document.querySelector(".plot .lines").getBoundingClientRect()))`)
	var x, y float64
	if _, err := fmt.Sscan(at, &x, &y); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x, y))
	b.wait(`document.querySelector(".plot.reading [data-at]")?.innerText.includes("ago")`)
	b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, 1, 1))
	b.wait(`!document.querySelector(".plot.reading")`)
}

func TestOverview_SaysWhenTheSidecarDoesNotAnswer(t *testing.T) {
	t.Parallel()
	p := start(t, withToken).behindPrefix(t)
	b := newTab(t)
	b.allow("502")
	b.allow("403")
	b.signIn(p.url)
	b.open(p.url)
	p.down.Store(true)
	b.click("#refresh")
	b.see("Disconnected since")
	p.down.Store(false)
	b.click("#refresh")
	b.see("Updates every 5 s")
	b.open(p.url + "tokens")
	b.fill("#jwt", "a.b.c")
	p.down.Store(true)
	b.click("main form button")
	b.see("The sidecar answers 502")
	p.down.Store(false)
	b.do(command(network.ClearBrowserCookies, cdp.Empty{}))
	b.click("main form button")
	b.see("Your session has ended")
}

func TestOverview_WorksWithoutJavaScript(t *testing.T) {
	t.Parallel()
	s := start(t, withToken)
	s.trickle(t)
	b := newTab(t)
	b.do(command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	console := s.Admin.URL("/")
	for _, text := range []string{"Health", "The last hour", "Refresh"} {
		b.open(console)
		if got := b.text("main"); !strings.Contains(got, text) {
			t.Errorf("without JavaScript the overview has no %q: %s", text, got)
		}
	}
	b.do(chromedp.Click(chromedp.CSS("#refresh")))
	b.see("Health")
	b.checkAccessible("/ without JavaScript")
}

func TestDraft_IsDeployedAndRolledBackByKeyboard(t *testing.T) {
	t.Parallel()
	s := start(t, withToken)
	if got := s.claims(t); !strings.Contains(got, `"custom_data":{`) {
		t.Fatalf("the token has the claims %s, want custom_data", got)
	}
	b := newTab(t)
	console := s.Admin.URL("/")
	b.open(console + "data")
	b.tabTo(`a[href^="sign-in"]`)
	b.press(kb.Enter)
	b.see("Admin token")
	b.fill("#token", adminToken)
	b.press(kb.Enter)
	b.see("Name of the claim")
	b.tabTo("#claim-name")
	b.press("user_data")
	b.wait(`document.querySelector("#draft-state").innerText.includes("claim.name")`)
	b.press(kb.Enter)
	b.see("Review the draft")
	b.wait(`[...document.querySelectorAll(".diff ins")].some(e => e.innerText.includes("user_data"))`)
	b.checkAccessible("the review")
	b.eval(`document.querySelector("[value=deploy] ~ button").focus()`)
	b.press(kb.Enter)
	b.see("Deployed.")
	e2e.Eventually(t, "the next login has the claim user_data", func() bool { return strings.Contains(s.claims(t), `"user_data":{`) })
	b.eval(`[...document.querySelectorAll("button")].find(e => e.innerText.startsWith("Roll back")).focus()`)
	b.press(kb.Enter)
	b.see("Nothing has changed yet")
	b.click("button.primary")
	b.see("Rolled back.")
	e2e.Eventually(t, "the next login has the claim custom_data", func() bool { return strings.Contains(s.claims(t), `"custom_data":{`) })
}

func TestDraft_PicksFieldsAndShowsFaults(t *testing.T) {
	t.Parallel()
	s := start(t, withToken)
	s.login(t, users[0])
	b := newTab(t)
	console := s.Admin.URL("/")
	b.signIn(console)
	b.open(console + "data")
	b.click("button[value=sample]")
	b.see("looks like a credential")
	b.checkAccessible("the sample")
	before := b.text("[data-budget=median] .of")
	b.click("[name=embed][value=notes]")
	b.wait(`document.querySelector("[data-budget=median] .of").innerText !== %q`, before)
	b.wait(`document.querySelector("#draft-state").innerText.includes("claim.exclude")`)
	b.fill("#claim-max-size", "much")
	b.wait(`document.querySelector("#claim-max-size-fault").innerText !== ""`)
	b.wait(`document.querySelector("#claim-max-size").getAttribute("aria-invalid") === "true"`)
	b.open(console + "data?tab=file")
	b.fill("#text", "backend: [")
	b.wait(`document.querySelector("#draft-state [data-line]")`)
}

// The documents are in MongoDB, and a draft reads them from another collection.
func TestDraft_ReadsAnotherCollection(t *testing.T) {
	t.Parallel()
	uri, _ := enrichtest.StartFerretDB(t)
	database := enrichtest.Connect(t, uri).Database("app")
	for collection, city := range map[string]string{"people": "Wien", "members": "Linz"} {
		if _, err := database.Collection(collection).InsertOne(t.Context(), map[string]any{"account": users[0], "city": city, "apiKey": "k"}); err != nil {
			t.Fatal(err)
		}
	}
	s := startWith(t, fmt.Sprintf("documents:\n  mongodb: {uri: %q, database: app, collection: people, watch: off}\n  user_id_field: account\n", uri)+withToken)
	if got := s.claims(t); !strings.Contains(got, `"city":"Wien"`) {
		t.Fatalf("the token has the claims %s, want the city Wien", got)
	}
	b := newTab(t)
	console := s.Admin.URL("/")
	b.signIn(console)
	b.open(console + "data")
	b.fill("#documents-mongodb-collection", "nothing-is-here")
	b.click("button[value=sample]")
	b.see("The collection has no documents.")
	b.fill("#documents-mongodb-collection", "members")
	b.click("button[value=sample]")
	b.see("have a document with this draft: 1 of 1.")
	b.see("looks like a credential")
	b.click("[value=review]")
	b.see("Review the draft")
	b.eval(`document.querySelector("[value=deploy] ~ button").click()`)
	b.see("Deployed.")
	if got := s.claims(t); !strings.Contains(got, `"city":"Linz"`) || strings.Contains(got, "apiKey") {
		t.Errorf("the next token has the claims %s, want the city Linz, and no credential", got)
	}
}

func TestKeys_RotateOnceItIsConfirmed(t *testing.T) {
	t.Parallel()
	s := start(t, withToken)
	p := s.behindPrefix(t)
	b := newTab(t)
	b.allow("403")
	b.signIn(p.url)
	for _, view := range views {
		name := strings.TrimSuffix(view.path, "?tab=file")
		b.click(`header nav a[href$="/` + name + `"]`)
		b.wait("location.href === %q", p.url+name)
	}
	b.open(p.url + "keys")
	keys := b.eval(`document.querySelectorAll("#ring tbody tr").length`)
	b.click("[value=rotate] ~ div button")
	b.see("What would happen")
	b.click("main button")
	b.see("Done.")
	b.wait("location.href.startsWith(%q)", p.url+"keys?done=")
	b.wait(`String(document.querySelectorAll("#ring tbody tr").length) !== %q`, keys)
}

func TestTokens_AreDecodedVerifiedAndNotShown(t *testing.T) {
	t.Parallel()
	s := start(t, withToken)
	token := s.login(t, users[0])
	b := newTab(t)
	console := s.Admin.URL("/")
	b.signIn(console)
	b.open(console + "tokens")
	b.fill("#jwt", token)
	b.wait(`document.querySelector("#decoded").innerText.includes("custom_data") && document.querySelector("#decoded").innerText.includes("Expires in")`)
	b.click("main form button")
	b.wait(`document.querySelector("#inspection").innerText.includes("verified")`)
	if strings.Contains(b.eval(`document.querySelector("#inspection").innerHTML`), token[:20]) {
		t.Error("the answer has the token")
	}
	b.checkAccessible("the inspected token")
	if strings.Contains(s.Log.String(), token[:40]) {
		t.Error("the log has the token")
	}
}

func TestUsers_AreExplainedWithoutTheirIDInAddresses(t *testing.T) {
	t.Parallel()
	s := start(t, withToken)
	s.login(t, users[0])
	b := newTab(t)
	console := s.Admin.URL("/")
	b.signIn(console)
	b.open(console + "users")
	b.fill("#user", users[0])
	b.click("#values")
	b.fill("#user", users[0])
	b.press(kb.Enter)
	b.see("has a document")
	b.see("Wien")
	b.checkAccessible("the user")
	if got := b.eval("location.href"); strings.Contains(got, users[0]) {
		t.Errorf("the address is %s, want it without the id", got)
	}
	b.click("[value=forget] ~ div button")
	b.see("Nothing has changed yet")
	b.click("main button")
	b.see("The user was forgotten")
	if strings.Contains(s.Log.String(), users[0]) {
		t.Error("the log has the user id")
	}
}

func TestSession_SignsInAndOut(t *testing.T) {
	t.Parallel()
	s := start(t, withToken)
	b := newTab(t)
	b.allow("403")
	console := s.Admin.URL("/")
	b.open(console + "keys")
	if b.eval(`[...document.querySelectorAll("#main button")].every(e => e.disabled)`) != "true" {
		t.Error("buttons are enabled without the admin token")
	}
	b.open(console + "sign-in")
	b.fill("#token", "a wrong token")
	b.press(kb.Enter)
	b.see("This is not the admin token")
	b.fill("#token", adminToken)
	b.press(kb.Enter)
	b.see("Sign out")
	b.click(".session button")
	b.see("Sign in")
}

func TestReadOnly_SaysHowToChangeThat(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	b := newTab(t)
	for _, path := range []string{"keys", "data"} {
		b.open(s.Admin.URL("/" + path))
		b.see("admin_token")
		b.see("Read-only")
	}
}
