package cli

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

func listKeysCommand(f *keyFlags) *cobra.Command {
	var o *output
	c := keysSubcommand("list", "List the keys and their states", f, openKeys, func(c *cobra.Command, dir *keydir.Dir) error {
		infos, err := dir.List(time.Now())
		switch {
		case err != nil:
			return err
		case o.json():
			return writeJSON(c.OutOrStdout(), newKeysReport(f, infos))
		}
		return f.printList(c, infos)
	})
	c.Example = "  tokengraft keys list\n  tokengraft keys list --dir /etc/tokengraft/keys -o json"
	o = outputFlag(c)
	printErrors(c, o)
	return c
}

func (f *keyFlags) printList(c *cobra.Command, infos []keydir.Info) error {
	table := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ALGORITHM\tSTATE\tSIGNS FROM\tSIGNS UNTIL\tNEEDED UNTIL\tKID\tFILE")
	for _, info := range infos {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", info.Algorithm, info.State, formatTime(info.Active, "always"),
			formatTime(info.SignsUntil, "-"), formatTime(info.NeededUntil(f.retireAfter), "-"), info.ID, info.Path)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, info := range infos {
		if info.WorldReadable {
			fmt.Fprintf(c.ErrOrStderr(), "warning: every user of this machine can read %[1]s; run: chmod 600 %[1]s\n", info.Path)
		}
	}
	return nil
}

// A keysReport is what keys list prints as JSON.
type keysReport struct {
	Dir  string      `json:"dir"`
	Keys []listedKey `json:"keys"`
}

// A listedKey is one key. Times are RFC 3339, or null if they are not known or will not
// come.
type listedKey struct {
	Algorithm     string     `json:"algorithm"`
	State         string     `json:"state"`
	ID            string     `json:"kid"`
	SignsFrom     *time.Time `json:"signs_from"`
	SignsUntil    *time.Time `json:"signs_until"`
	NeededUntil   *time.Time `json:"needed_until"`
	File          string     `json:"file"`
	WorldReadable bool       `json:"world_readable"`
}

func newKeysReport(f *keyFlags, infos []keydir.Info) keysReport {
	r := keysReport{Dir: f.dir, Keys: []listedKey{}}
	for _, info := range infos {
		r.Keys = append(r.Keys, listedKey{
			Algorithm: info.Algorithm, State: string(info.State), ID: info.ID,
			SignsFrom: timeOrNil(info.Active), SignsUntil: timeOrNil(info.SignsUntil), NeededUntil: timeOrNil(info.NeededUntil(f.retireAfter)),
			File: info.Path, WorldReadable: info.WorldReadable,
		})
	}
	return r
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}
