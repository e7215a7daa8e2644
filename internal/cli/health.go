package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/config"
)

func healthCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "health",
		Short: "Check the health of a running sidecar",
		Long: `Health asks /livez on the configured admin address, and exits 0 if the sidecar is alive. It is
the health check of an image without a shell. It also works while the configuration file has
faults, if the admin address in it is valid: a sidecar that runs keeps its last good
configuration.`,
		Example: "  tokengraft health\n  tokengraft health --ready -o json",
		Args:    noArguments,
	}
	exits(c, exitOK, "the sidecar is alive; with --ready, it is ready")
	exits(c, exitFault, "it is not, or does not answer")
	path, o := configFlag(c), outputFlag(c)
	ready := c.Flags().Bool("ready", false, "ask /readyz instead: is the sidecar ready for requests?")
	c.RunE = func(c *cobra.Command, _ []string) error {
		endpoint := "/livez"
		if *ready {
			endpoint = "/readyz"
		}
		answer, err := askHealth(c, *path, endpoint)
		if o.json() {
			return errors.Join(writeJSON(c.OutOrStdout(), newHealthReport(answer, err)), err)
		}
		if err == nil {
			_, err = c.OutOrStdout().Write(answer.body)
		}
		return err
	}
	return c
}

// askHealth asks the sidecar that runs with a configuration.
func askHealth(c *cobra.Command, path, endpoint string) (adminAnswer, error) {
	address, wrong := adminAddress(c, path)
	if address == "" {
		return adminAnswer{}, wrong
	}
	waiting := newProgress(c.ErrOrStderr())
	waiting.step("asking the sidecar at " + string(address))
	defer waiting.step("")
	answer, err := getAdmin(c.Context(), string(address), endpoint)
	if err != nil {
		err = cmp.Or(wrong, err)
	}
	return answer, err
}

// A healthReport is what health prints as JSON.
type healthReport struct {
	Healthy bool   `json:"healthy"`
	URL     string `json:"url"`    // what was asked; "" if the configuration does not say
	Status  int    `json:"status"` // 0 if the sidecar did not answer
	Answer  any    `json:"answer"` // the JSON of the answer, or its text
	Error   string `json:"error"`
}

func newHealthReport(a adminAnswer, err error) healthReport {
	r := healthReport{Healthy: err == nil, URL: a.url, Status: a.status, Answer: strings.TrimSpace(string(a.body))}
	if json.Valid(a.body) {
		r.Answer = json.RawMessage(a.body)
	}
	if err != nil {
		r.Error = err.Error()
	}
	return r
}

// adminAddress returns the admin address in a configuration file, or "" if the
// sidecar cannot be asked. The error says what is wrong with the file.
func adminAddress(c *cobra.Command, path string) (config.Address, error) {
	cfg, err := loadConfig(c, path)
	if err != nil && path == stdinConfig {
		return "", err
	}
	if err != nil {
		return config.AdminAddress(path, os.LookupEnv), err
	}
	return adminOf(c, cfg)
}

// adminOf returns the admin address in a configuration.
func adminOf(c *cobra.Command, cfg *config.Config) (config.Address, error) {
	_, port, _ := net.SplitHostPort(string(cfg.Admin))
	switch {
	case cfg.Admin == "":
		return "", cfg.Fault("admin", fmt.Errorf("is off, so %s cannot ask the sidecar; set it to host:port", commandName(c)))
	case port == "0":
		return "", cfg.Fault("admin", fmt.Errorf("has port 0, so %s does not know the real port; set another port", commandName(c)))
	}
	return cfg.Admin, nil
}

// adminClient does not use a proxy, because the sidecar is close.
var adminClient = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{}}

// An adminAnswer is a response of the admin listener.
type adminAnswer struct {
	url    string
	status int // 0 if there is none
	body   []byte
}

// adminURL returns the URL of the admin listener at an address. If the address is that of
// all interfaces, it is localhost.
func adminURL(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port), nil
}

// getAdmin asks the admin listener at an address. A status other than 200 is an error.
func getAdmin(ctx context.Context, address, endpoint string) (a adminAnswer, err error) {
	base, err := adminURL(address)
	if err != nil {
		return a, err
	}
	a.url = base + endpoint
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url, nil)
	if err != nil {
		return a, err
	}
	response, err := adminClient.Do(request)
	if err != nil {
		return a, fmt.Errorf("%w\nIs the sidecar running? Its log shows the address of the admin listener", err)
	}
	defer response.Body.Close()
	a.status = response.StatusCode
	a.body, err = io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err == nil && a.status != http.StatusOK {
		const most = 1 << 10 // it may be a page of another server
		err = fmt.Errorf("%s answered %s: %s", a.url, response.Status, a.body[:min(len(a.body), most)])
	}
	return a, err
}
