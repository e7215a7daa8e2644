package sidecar

import (
	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/connlimit"
)

// Files that clients cannot use up, so that health, metrics, a reload, key files and
// MongoDB work while clients have all connections.
const (
	adminConnections = 32
	reservedFiles    = 64 + adminConnections
	mongodbFiles     = 110 // its driver opens up to 100 connections by default, and some to watch
)

// A capacity is what the connections of a listener may use together.
type capacity struct {
	connlimit.Bounds
	boundBy string // what the number of connections follows from
}

// adminCapacity is for the admin listener, besides what clients use.
var adminCapacity = capacity{
	connlimit.Bounds{Connections: adminConnections, Memory: 2 * adminConnections * connlimit.Cost},
	"the admin listener",
}

// capacityOf returns what the connections of clients may use: as many as the smallest of
// limits.connections, what the limit for open files allows and what memory allows. Each
// connection may need two files: one more for the backend.
func capacityOf(cfg *config.Config) capacity {
	memory := connectionMemory(cfg)
	connections, boundBy := int(cfg.Limits.Connections), "limits.connections"
	if byFiles := connectionFiles(cfg) / 2; byFiles < connections {
		connections, boundBy = byFiles, "open files (ulimit -n)"
	}
	if byMemory := int(memory / connlimit.Cost); byMemory < connections {
		connections, boundBy = byMemory, "limits.memory"
	}
	return capacity{connlimit.Bounds{Connections: connections, Memory: memory}, boundBy}
}

// connectionFiles returns how many files connections may use.
func connectionFiles(cfg *config.Config) int {
	files := openFiles() - reservedFiles
	if cfg.Documents.MongoDB.Database != "" {
		files -= mongodbFiles
	}
	return max(files, 16) // with fewer, nothing works anyway
}
