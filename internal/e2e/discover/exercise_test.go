package discover_test

import (
	"path/filepath"
	"strings"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// exercise checks and serves the configuration, and does all that the app does. change
// changes the user's document.
func (r *run) exercise(change func(*e2e.Sidecar)) {
	r.Helper()
	r.phase("check", r.check)
	var s *e2e.Sidecar
	r.phase("serve", func() {
		s = e2e.Start(r, e2e.Options{Configuration: r.yaml, Dir: r.dir, Program: e2e.Tokengraft, Env: r.env})
		s.WaitReady(r.T)
	})
	r.phase("login to logout", func() { r.use(s, change) })
	r.phase("doctor", func() { r.doctor(s) })
}

// doctor runs tokengraft doctor with a user's credentials.
func (r *run) doctor(s *e2e.Sidecar) {
	r.Helper()
	for name, text := range r.b.files {
		r.write(name, text)
	}
	args := []string{"doctor", "-c", filepath.Join(r.dir, e2e.File), "--url", s.Public.URL(""), "--admin", s.Admin.URL("")}
	cmd := r.command(append(append(args, r.b.doctor...), r.doctorArgs...)...)
	cmd.Env = append(cmd.Env, "DOCTOR_USER="+r.b.user, "DOCTOR_PASSWORD=correct horse")
	out, err := cmd.CombinedOutput()
	r.Logf("tokengraft doctor prints\n%s", out)
	if err != nil {
		r.Errorf("tokengraft doctor: %v, want that no check fails", err)
	}
	if len(e2e.Tokens(string(out))) > 0 || strings.Contains(string(out), "correct horse") {
		r.Error("tokengraft doctor prints a token or the password")
	}
}

// check runs tokengraft check.
func (r *run) check() {
	r.Helper()
	out, err := r.command("check", "-c", filepath.Join(r.dir, e2e.File)).CombinedOutput()
	r.Logf("tokengraft check prints\n%s", out)
	if err != nil {
		r.Fatalf("tokengraft check: %v, want exit code 0", err)
	}
}

// use logs in, uses the token, refreshes after a change, and logs out, through the sidecar.
func (r *run) use(s *e2e.Sidecar, change func(*e2e.Sidecar)) {
	r.Helper()
	c, a := &client{t: r.T, at: s.Public}, r.b.client()
	token := a.login(c)
	r.wantClaim("login", token, `"plan":"basic"`)
	if status := a.use(c, token); status != 200 {
		r.Errorf("the backend answers %d to its token that was enriched, want 200", status)
	}
	change(s)
	fresh := a.refresh(c, token)
	r.wantClaim("refresh after a change", fresh, `"plan":"gold"`)
	if status := a.use(c, fresh); status != 200 {
		r.Errorf("the backend answers %d to its refreshed token, want 200", status)
	}
	if status := a.logout(c, fresh); status != 200 && status != 204 {
		r.Errorf("the backend answers %d to a logout, want success", status)
	}
	if status := a.use(c, fresh); status == 200 {
		r.Error("the token works after the logout, want that the backend has ended it")
	}
}

func (r *run) wantClaim(what, token, want string) {
	r.Helper()
	_, claims := enrichtest.DecodeToken(r, token)
	if !strings.Contains(claims, `"custom_data":{`) || !strings.Contains(claims, want) {
		r.Errorf("the token of a %s has the claims %.400s, want custom_data with %s", what, claims, want)
	}
}
