package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
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
		Args: noArguments,
	}
	path := configFlag(c)
	ready := c.Flags().Bool("ready", false, "ask /readyz instead: is the sidecar ready for requests?")
	c.RunE = func(c *cobra.Command, _ []string) error {
		endpoint := "/livez"
		if *ready {
			endpoint = "/readyz"
		}
		address, wrong := adminAddress(c, *path)
		if address == "" {
			return wrong
		}
		answer, err := askAdmin(c.Context(), string(address), endpoint)
		if err != nil {
			return cmp.Or(wrong, err)
		}
		_, err = c.OutOrStdout().Write(answer)
		return err
	}
	return c
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
	_, port, _ := net.SplitHostPort(string(cfg.Admin))
	switch {
	case cfg.Admin == "":
		return "", cfg.Fault("admin", errors.New("is off, so health cannot ask the sidecar; set it to host:port"))
	case port == "0":
		return "", cfg.Fault("admin", errors.New("has port 0, so health does not know the real port; set another port"))
	}
	return cfg.Admin, nil
}

// adminClient does not use a proxy, because the sidecar is close.
var adminClient = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{}}

// askAdmin returns the response of the admin listener at an address. If the address
// is that of all interfaces, it asks localhost. A status other than 200 is an error.
func askAdmin(ctx context.Context, address, endpoint string) ([]byte, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	url := "http://" + net.JoinHostPort(host, port) + endpoint
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := adminClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%w\nIs the sidecar running? Its log shows the address of the admin listener", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s: %s", url, response.Status, answer)
	}
	return answer, err
}
