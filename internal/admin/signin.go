package admin

import (
	"net/http"

	"github.com/tokengraft/tokengraft/internal/console"
)

// sessionCookie is the name of the cookie of a session.
const sessionCookie = "tokengraft_console"

// maxSignIn is the largest form of a sign-in, in bytes.
const maxSignIn = 16 << 10

// signIn starts a session for a person who sends the admin token with the form of the
// console, and shows the page from which they came.
func (g *guard) signIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxSignIn)
	if err := r.ParseForm(); err != nil || g.crossOrigin.Check(r) != nil || !sameSecret(g.token(), r.PostForm.Get("token")) {
		if n := g.refused.Count("sign-in"); n > 0 {
			g.logger.Warn("a sign-in to the console was refused", "peer", r.RemoteAddr, "count", n)
		}
		console.SignIn(w, r, g.token() != "", err == nil)
		return
	}
	g.logger.Info("signed in to the console", "peer", r.RemoteAddr)
	http.SetCookie(w, g.cookie(r, g.sessions.start()))
	seeOther(w, "./"+console.PageNamed(r.PostForm.Get("to")))
}

// signOut ends the session of the request.
func (g *guard) signOut(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(sessionCookie); err == nil && g.crossOrigin.Check(r) == nil {
		g.sessions.end(cookie.Value)
		g.logger.Info("signed out of the console", "peer", r.RemoteAddr)
	}
	seeOther(w, "../")
}

// cookie returns the cookie of a session. It has no Path: a browser then sends it to the
// directory of the page that set it (RFC 6265, section 5.1.4), which is the path prefix
// under which a proxy shows the console.
func (g *guard) cookie(r *http.Request, id string) *http.Cookie {
	return &http.Cookie{
		Name: sessionCookie, Value: id, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	}
}

// seeOther makes the browser show another page. The address is relative to that of the
// request. http.Redirect would make it absolute, without the path prefix.
func seeOther(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusSeeOther)
}
