package discover_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/discover"
)

// The request that renews both is still a refresh.
func TestAnalyze_RecognizesARefreshOfAList(t *testing.T) {
	token := func(kind string, n string) string {
		return jws(`{"alg":"HS256"}`, `{"sub":"u","token_type":"`+kind+`","n":`+n+`}`, "x")
	}
	exchange := func(method, request, n string) discover.Exchange {
		header := http.Header{"Content-Type": {"application/json"}}
		return discover.Exchange{
			Method: method, Path: "/session", RequestHeader: header, HasRequestBody: true, RequestBody: []byte(request), Status: 200, Header: header,
			Body: []byte(`{"tokens":[{"value":"` + token("access", n) + `"},{"value":"` + token("refresh", n) + `"}]}`),
		}
	}
	session := []discover.Exchange{exchange("POST", `{"name":"anna","password":"x"}`, "1"), exchange("PUT", `{"value":"`+token("refresh", "1")+`"}`, "2")}
	got := written(t, reportOf(t, session))
	if cfg, err := load(t, got); err != nil || len(cfg.Rules) != 2 || cfg.Rules[1].Refresh != "always" || cfg.Rules[0].Refresh == "always" {
		t.Errorf("the configuration (%v) is\n%s\nwant refresh: always for PUT /session only", err, got)
	}
}

// A list can have access tokens and refresh tokens. A refresh token must never change.
func TestAnalyze_NamesTheElementOfAListThatHasTheAccessToken(t *testing.T) {
	access, again := jws(`{"alg":"HS256"}`, `{"sub":"u","token_type":"access","n":1}`, "x"), jws(`{"alg":"HS256"}`, `{"sub":"u","n":2}`, "x")
	refresh := jws(`{"alg":"HS256"}`, `{"sub":"u","token_type":"refresh"}`, "x")
	for name, tt := range map[string]struct {
		answers []string
		want    string // the location in the rule
		mixed   bool
	}{
		"access first":    {[]string{access + " " + refresh}, "json:tokens.0.value", false},
		"refresh first":   {[]string{refresh + " " + access, refresh + " " + again}, "json:tokens.1.value", false},
		"changing places": {[]string{refresh + " " + access, again + " " + refresh}, "json:tokens.*.value", true},
		"access only":     {[]string{access, again}, "json:tokens.*.value", false},
		"refresh only":    {[]string{refresh}, "", false},
	} {
		var session []discover.Exchange
		for _, answer := range tt.answers {
			body := `{"tokens":[{"value":"` + strings.Join(strings.Fields(answer), `"},{"value":"`) + `"}]}`
			session = append(session, discover.Exchange{
				Method: "POST", Path: "/login", RequestHeader: http.Header{}, Status: 200,
				Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body),
			})
		}
		a := discover.Analyze(session)
		got, mixed := "", false
		if len(a.Sites) > 0 {
			got, mixed = a.Sites[0].Location.String(), a.Sites[0].Mixed
		}
		if got != tt.want || mixed != tt.mixed {
			t.Errorf("%s: the rule has %q, mixed %v; want %q, %v; excluded %v", name, got, mixed, tt.want, tt.mixed, a.Excluded)
		}
		if text := written(t, reportOf(t, session)); len(a.Sites) > 0 && strings.Contains(text, "Some tokens here are refresh tokens") != tt.mixed {
			t.Errorf("%s: the configuration is\n%s\nwant a comment about refresh tokens: %v", name, text, tt.mixed)
		}
	}
}
