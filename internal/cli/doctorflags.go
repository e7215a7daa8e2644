package cli

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/internal/doctor"
)

// doctorFlags are the flags of doctor.
type doctorFlags struct {
	config *string
	output *output

	url, admin, ca                string
	login, refresh, probe, logout string
	data, dataEnv, json, form     string
	refreshData, logoutData       string
	header, probeHeader           []string
	direct, write                 bool
}

func newDoctorFlags(c *cobra.Command) *doctorFlags {
	f := &doctorFlags{config: configFlag(c), output: outputFlag(c)}
	flags := c.Flags()
	flags.StringVar(&f.url, "url", "", "the `URL` of the sidecar (default: listen of the configuration)")
	flags.StringVar(&f.admin, "admin", "", "the `URL` of its admin listener (default: admin of the configuration)")
	flags.StringVar(&f.ca, "ca", "", "a PEM `FILE` with authorities to trust, besides those of the system")
	flags.StringVar(&f.login, "login", "", "the `REQUEST` that logs in (default: the only rule that can be it)")
	flags.StringVar(&f.data, "data", "", "a `FILE` with the body of the login")
	flags.StringVar(&f.dataEnv, "data-env", "", "the environment variable `NAME` has the body of the login")
	flags.StringVar(&f.json, "json", "", "the body of the login, a `TEMPLATE` of JSON")
	flags.StringVar(&f.form, "form", "", "the body of the login, a `TEMPLATE` of a form")
	flags.StringArrayVar(&f.header, "header", nil, "a `LINE` of the header of the login, such as 'X-Tenant: ${TENANT}'; repeatable")
	flags.StringVar(&f.probe, "probe", "", "a `REQUEST` that needs the token, such as 'GET /me'")
	flags.StringArrayVar(&f.probeHeader, "probe-header", nil, "a `LINE` of its header, such as 'X-Token: ${token}' (default: the token where it came from, or as a bearer token)")
	flags.StringVar(&f.refresh, "refresh", "", "the `REQUEST` that refreshes (default: from the rules, the preset or the login)")
	flags.StringVar(&f.refreshData, "refresh-data", "", "its body, a `TEMPLATE`")
	flags.StringVar(&f.logout, "logout", "", "the `REQUEST` that logs out")
	flags.StringVar(&f.logoutData, "logout-data", "", "its body, a `TEMPLATE`")
	flags.BoolVar(&f.direct, "direct", false, "log in at the backend itself too, and compare the tokens")
	flags.BoolVar(&f.write, "write", false, "write the field "+doctor.Marker+" to the user's document, and remove it at the end")
	return f
}

// options returns what the flags and the configuration say.
func (f *doctorFlags) options(c *cobra.Command) (o doctor.Options, err error) {
	requests, err := f.requests()
	if err != nil {
		return o, &exitError{exitUsage, err}
	}
	o = requests
	o.Direct, o.Write = f.direct, f.write
	o.Version, _ = build()
	if o.URL, err = parseURL("--url", f.url); err != nil {
		return o, err
	}
	if o.Admin, err = parseURL("--admin", f.admin); err != nil {
		return o, err
	}
	if o.Authorities, err = authorities(f.ca); err != nil {
		return o, err
	}
	o.Config, err = loadConfig(c, *f.config)
	return o, err
}

// requests parses the requests. Its errors do not quote what could be a secret.
func (f *doctorFlags) requests() (o doctor.Options, err error) {
	var faults []error
	parse := func(flag, text string) (r doctor.Request) {
		if text == "" {
			return r
		}
		r, err := parseRequest(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", flag, err))
		}
		return r
	}
	o.Login, o.Probe = parse("--login", f.login), parse("--probe", f.probe)
	o.Refresh, o.Logout = parse("--refresh", f.refresh), parse("--logout", f.logout)
	faults = append(faults, f.loginBody(&o.Login), addLines("--header", &o.Login, f.header), addLines("--probe-header", &o.Probe, f.probeHeader))
	if f.refreshData != "" {
		o.Refresh.Body = f.refreshData
	}
	if f.logoutData != "" {
		o.Logout.Body = f.logoutData
	}
	needs := func(lacks bool, text string) {
		if lacks {
			faults = append(faults, errors.New(text))
		}
	}
	needs(len(f.probeHeader) > 0 && f.probe == "", "--probe-header needs --probe")
	needs(f.refreshData != "" && f.refresh == "", "--refresh-data needs --refresh")
	needs(f.logoutData != "" && f.logout == "", "--logout-data needs --logout")
	return o, errors.Join(faults...)
}

// parseRequest parses a request, or reads it from a file.
func parseRequest(text string) (doctor.Request, error) {
	name, isFile := strings.CutPrefix(text, "@")
	if !isFile {
		return doctor.ParseRequest(text)
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return doctor.Request{}, err
	}
	r, err := doctor.ParseFile(string(content))
	if err != nil {
		return r, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

// loginBody sets the body of the login.
func (f *doctorFlags) loginBody(login *doctor.Request) error {
	given := 0
	for _, flag := range []string{f.data, f.dataEnv, f.json, f.form} {
		if flag != "" {
			given++
		}
	}
	switch {
	case given > 1:
		return errors.New("only one of --data, --data-env, --json and --form can be used")
	case f.json != "":
		login.Body = f.json
		login.Header = append(login.Header, doctor.Line{Name: "Content-Type", Value: "application/json"})
	case f.form != "":
		login.Body = f.form
		login.Header = append(login.Header, doctor.Line{Name: "Content-Type", Value: "application/x-www-form-urlencoded"})
	case f.dataEnv != "":
		body, ok := os.LookupEnv(f.dataEnv)
		if !ok {
			return fmt.Errorf("--data-env: the environment variable %s is not set", f.dataEnv)
		}
		login.Body, login.Literal = body, true
	case f.data != "":
		body, err := os.ReadFile(f.data)
		if err != nil {
			return fmt.Errorf("--data: %w", err)
		}
		login.Body, login.Literal = strings.TrimRight(string(body), "\r\n"), true
	}
	return nil
}

func addLines(flag string, r *doctor.Request, lines []string) error {
	for _, text := range lines {
		line, err := doctor.ParseLine(text)
		if err != nil {
			return fmt.Errorf("%s: %w", flag, err)
		}
		r.Header = append(r.Header, line)
	}
	return nil
}

func parseURL(flag, text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return nil, &exitError{exitUsage, fmt.Errorf("%s must be a URL like http://127.0.0.1:8080, without user, path or query", flag)}
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// authorities returns those of the system, and those in a file.
func authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--ca: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("--ca: %s has no certificate in PEM form", file)
	}
	return pool, nil
}
