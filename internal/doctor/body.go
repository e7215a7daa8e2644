package doctor

import (
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
)

// The environment variables that the default bodies of logins use.
const (
	EnvUser         = "DOCTOR_USER"
	EnvPassword     = "DOCTOR_PASSWORD"
	EnvClientID     = "DOCTOR_CLIENT_ID"
	EnvClientSecret = "DOCTOR_CLIENT_SECRET"
	EnvScope        = "DOCTOR_SCOPE"
)

// presetBodies are the bodies of logins of the presets.
var presetBodies = map[string]string{
	"app-services":     `{"username":"${DOCTOR_USER}","password":"${DOCTOR_PASSWORD}"}`,
	"devise-jwt":       `{"user":{"email":"${DOCTOR_USER}","password":"${DOCTOR_PASSWORD}"}}`,
	"django-simplejwt": `{"username":"${DOCTOR_USER}","password":"${DOCTOR_PASSWORD}"}`,
	"laravel-jwt":      `{"email":"${DOCTOR_USER}","password":"${DOCTOR_PASSWORD}"}`,
	"supabase":         `{"email":"${DOCTOR_USER}","password":"${DOCTOR_PASSWORD}"}`,
}

// loginBody sets the body of a login from environment variables: a grant of OAuth 2.0 at a
// token endpoint, the body of the preset, or {"username","password"}.
func (d *doctor) loginBody() error {
	_, user := d.Env(EnvUser)
	_, client := d.Env(EnvClientID)
	oauth := d.known.discovery.Token != "" && d.Login.Path == d.known.discovery.Token
	switch preset := string(d.Config.Preset.Name); {
	case !user && !client:
		return errors.New("the login has no body, and " + EnvUser + " and " + EnvPassword + " are not set")
	case oauth || client:
		d.oauthBody(user, client)
	case presetBodies[preset] != "":
		d.Login.Body = presetBodies[preset]
		if preset == "supabase" && !strings.Contains(d.Login.Path, "?") {
			d.Login.Path += "?grant_type=password"
		}
	default:
		d.Login.Body = `{"username":"${DOCTOR_USER}","password":"${DOCTOR_PASSWORD}"}`
	}
	return nil
}

// oauthBody makes the login the password grant, or that of client credentials without a
// user.
func (d *doctor) oauthBody(user, client bool) {
	body := "grant_type=client_credentials"
	if user {
		body = "grant_type=password&username=${DOCTOR_USER}&password=${DOCTOR_PASSWORD}"
	}
	switch _, scope := d.Env(EnvScope); {
	case scope:
		body += "&scope=${DOCTOR_SCOPE}"
	case user:
		body += "&scope=openid"
	}
	if client {
		body += d.clientAuthentication(&d.Login)
	}
	d.Login.Body = body
}

// clientAuthentication authenticates the client of a request: with Basic if it has a
// secret (RFC 6749, section 2.3.1), or else with the result as a part of the form.
func (d *doctor) clientAuthentication(r *Request) string {
	id, _ := d.Env(EnvClientID)
	secret, confidential := d.Env(EnvClientSecret)
	if !confidential || r.get("Authorization") != "" {
		return "&client_id=${DOCTOR_CLIENT_ID}"
	}
	basic := base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id) + ":" + url.QueryEscape(secret)))
	r.Header = append(r.Header, Line{"Authorization", "Basic " + basic})
	return ""
}
