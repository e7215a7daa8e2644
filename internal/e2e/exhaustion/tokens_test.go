package exhaustion_test

import (
	"fmt"
	"strings"
	"time"
)

// The rates and the allowed processor time of attacks with tokens.
const (
	tokenRate = 10
	tokenWork = 700 * time.Millisecond // a second, with the honest users' logins
)

// tokenRows are attacks with tokens of each algorithm. The short form leaves out those
// whose signatures cost less than one and more than another.
func tokenRows() (rows []attackRow) {
	for _, algorithm := range algorithms {
		if !*full && algorithm != "RS256" && algorithm != "ES512" {
			continue
		}
		rows = append(rows,
			attackRow{name: algorithm + ", 100 forged tokens in cookies", attack: func(a *attacker) { sendCookies(a, forged(a.tokens[algorithm])) }, work: tokenWork},
			attackRow{name: algorithm + ", 100 changed tokens in cookies", attack: func(a *attacker) { sendCookies(a, changed(a.tokens[algorithm])) }, work: tokenWork},
			attackRow{name: algorithm + ", a genuine token, repeated in 1 MiB", attack: func(a *attacker) { repeatToken(a, a.tokens[algorithm]) }, work: tokenWork},
		)
	}
	return rows
}

// sendCookies sends tokens in cookies to any path, until they fill the header.
func sendCookies(a *attacker, token func(i int) string) {
	var cookies strings.Builder
	for i := range 100 {
		if cookie := fmt.Sprintf("c%d=%s; ", i, token(i)); cookies.Len()+len(cookie) < 63<<10 {
			cookies.WriteString(cookie)
		}
	}
	a.perSecond(tokenRate, func(int) { a.ask("GET", "/anywhere", "", "Cookie: "+cookies.String()) })
}

// forged returns tokens that have the header of a genuine token, and nothing else of it.
func forged(genuine string) func(i int) string {
	header, _, _ := strings.Cut(genuine, ".")
	signature := genuine[strings.LastIndexByte(genuine, '.'):]
	return func(i int) string { return header + "." + encoded(fmt.Sprintf(`{"sub":"x","n":%d}`, i)) + signature }
}

// changed returns copies of a genuine token with different signatures.
func changed(genuine string) func(i int) string {
	at := strings.LastIndexByte(genuine, '.') + 10
	return func(i int) string { return genuine[:at] + encoded(fmt.Sprintf("%03d", i)) + genuine[at+4:] }
}

// repeatToken sends a form that repeats a token.
func repeatToken(a *attacker, token string) {
	field := "token=" + token + "&"
	body := strings.Repeat(field, (1<<20-100)/len(field))
	a.perSecond(tokenRate, func(int) { a.ask("POST", "/anywhere", body, formType) })
}
