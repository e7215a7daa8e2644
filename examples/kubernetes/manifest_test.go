// Package kubernetes_test checks the manifest of this folder, without a cluster.
package kubernetes_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/tokengraft/tokengraft/config"
)

// manifest is the part of the manifest's objects that refers to other parts.
type manifest struct {
	Kind     string
	Metadata struct{ Name string }
	Data     map[string]string // of a ConfigMap
	Spec     struct {
		Ports []struct {
			TargetPort string `yaml:"targetPort"`
		} // of a Service
		Template struct {
			Metadata struct{ Labels map[string]string }
			Spec     struct {
				TerminationGracePeriodSeconds int `yaml:"terminationGracePeriodSeconds"`
				Containers                    []container
				Volumes                       []struct {
					Name      string
					ConfigMap struct{ Name string } `yaml:"configMap"`
				}
			}
		}
	}
}

type container struct {
	Name  string
	Ports []struct {
		Name          string
		ContainerPort int `yaml:"containerPort"`
	}
	LivenessProbe  probe                              `yaml:"livenessProbe"`
	ReadinessProbe probe                              `yaml:"readinessProbe"`
	VolumeMounts   []struct{ Name, MountPath string } `yaml:"volumeMounts"`
	Lifecycle      struct {
		PreStop struct{ Sleep struct{ Seconds int } } `yaml:"preStop"`
	}
}

type probe struct {
	HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
}

func read(t *testing.T) map[string]manifest {
	t.Helper()
	text, err := os.ReadFile("login.yaml")
	if err != nil {
		t.Fatal(err)
	}
	objects := map[string]manifest{}
	for decoder := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var m manifest
		err := decoder.Decode(&m)
		if errors.Is(err, io.EOF) {
			return objects
		}
		if err != nil {
			t.Fatal(err)
		}
		objects[m.Kind] = m
	}
}

func configuration(t *testing.T, objects map[string]manifest) *config.Config {
	t.Helper()
	dir := t.TempDir()
	uri, file := filepath.Join(dir, "uri"), filepath.Join(dir, "tokengraft.yaml")
	text := strings.Replace(objects["ConfigMap"].Data["tokengraft.yaml"], "/mongodb/uri", uri, 1)
	for name, content := range map[string]string{uri: "mongodb://127.0.0.1", file: text} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Load(file, os.LookupEnv)
	if err != nil {
		t.Fatalf("tokengraft.yaml of the ConfigMap: %v", err)
	}
	return cfg
}

func sidecar(t *testing.T, objects map[string]manifest) container {
	t.Helper()
	for _, c := range objects["Deployment"].Spec.Template.Spec.Containers {
		if c.Name == "tokengraft" {
			return c
		}
	}
	t.Fatal("the Deployment has no container tokengraft")
	return container{}
}

func TestManifest_FitsItsConfiguration(t *testing.T) {
	objects := read(t)
	cfg, c := configuration(t, objects), sidecar(t, objects)
	ports := map[string]bool{}
	for _, p := range c.Ports {
		ports[p.Name] = true
		if address := map[string]config.Address{"http": cfg.Listen, "admin": cfg.Admin}[p.Name]; string(address) != fmt.Sprintf(":%d", p.ContainerPort) {
			t.Errorf("port %s is %d, but the configuration has %q", p.Name, p.ContainerPort, address)
		}
	}
	for path, p := range map[string]probe{"/livez": c.LivenessProbe, "/readyz": c.ReadinessProbe} {
		if p.HTTPGet.Path != path || !ports[p.HTTPGet.Port] {
			t.Errorf("the probe of %s is %+v, want it to name a port of %v", path, p.HTTPGet, ports)
		}
	}
	for _, p := range objects["Service"].Spec.Ports {
		if !ports[p.TargetPort] {
			t.Errorf("the Service names the port %q, the container has %v", p.TargetPort, ports)
		}
	}
}

func TestManifest_MountsWhatItNames(t *testing.T) {
	objects := read(t)
	spec := objects["Deployment"].Spec.Template.Spec
	volumes := map[string]bool{}
	for _, v := range spec.Volumes {
		volumes[v.Name] = true
		if name := v.ConfigMap.Name; name != "" && name != objects["ConfigMap"].Metadata.Name {
			t.Errorf("the volume %s names the ConfigMap %q, there is %q", v.Name, name, objects["ConfigMap"].Metadata.Name)
		}
	}
	for _, m := range sidecar(t, objects).VolumeMounts {
		if !volumes[m.Name] {
			t.Errorf("the mount %s has no volume, there are %v", m.Name, volumes)
		}
	}
	if len(volumes) == 0 {
		t.Error("no volumes were found")
	}
}

// The login service must outlive the requests in flight, and both the sidecar.
func TestManifest_GivesTimeToStop(t *testing.T) {
	objects := read(t)
	cfg, spec := configuration(t, objects), objects["Deployment"].Spec.Template.Spec
	shutdown := int(cfg.Timeouts.Shutdown.Seconds())
	if grace := spec.TerminationGracePeriodSeconds; grace < shutdown+2 {
		t.Errorf("terminationGracePeriodSeconds is %d, want 2 more than timeouts.shutdown, %d", grace, shutdown)
	}
	for _, c := range spec.Containers {
		if sleep := c.Lifecycle.PreStop.Sleep.Seconds; c.Name != "tokengraft" && sleep < shutdown {
			t.Errorf("the container %s sleeps %d seconds before it stops, want timeouts.shutdown, %d", c.Name, sleep, shutdown)
		}
	}
}
