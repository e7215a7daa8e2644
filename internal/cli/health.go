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
		Short: "Ask a running sidecar whether it is well",
		Long:  "Health asks /livez on the configured admin address: the health check of an image without\na shell. It exits 0 if the answer is yes, even if the file is wrong meanwhile but says where\nto ask: the sidecar goes on with what it had.",
		Args:  noArguments,
	}
	path := configFlag(c)
	ready := c.Flags().Bool("ready", false, "ask /readyz: is it ready for requests?")
	c.RunE = func(c *cobra.Command, _ []string) error {
		endpoint := "/livez"
		if *ready {
			endpoint = "/readyz"
		}
		address, wrong := adminAddress(*path)
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

// adminAddress returns where to ask the sidecar of a configuration file; empty if
// it cannot be asked. The error is what is wrong with the file.
func adminAddress(path string) (config.Address, error) {
	cfg, err := loadConfig(path)
	if err != nil {
		return config.AdminAddress(path, os.LookupEnv), err
	}
	_, port, _ := net.SplitHostPort(string(cfg.Admin))
	switch {
	case cfg.Admin == "":
		return "", cfg.Fault("admin", errors.New("is off, so there is nobody to ask; want host:port"))
	case port == "0":
		return "", cfg.Fault("admin", errors.New("has port 0, so only the log of serve tells which it is; want another"))
	}
	return cfg.Admin, nil
}

// adminClient goes through no proxy: the sidecar is near.
var adminClient = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{}}

// askAdmin returns the answer of the admin listener at an address, which may be
// of all interfaces. Anything but 200 is an error.
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
		return nil, fmt.Errorf("%w\nIs it running? Its log says where it listens", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s: %s", url, response.Status, answer)
	}
	return answer, err
}
