package provision

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fleet"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a request with the file that holds it.
func golden(t *testing.T, name string, request any) {
	t.Helper()
	got, err := canonical(request)
	if err != nil {
		t.Fatal(err)
	}
	goldenText(t, name, string(got)+"\n")
}

// goldenText compares a text with the file that holds it.
func goldenText(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestRequestsAreTheGoldenOnes(t *testing.T) {
	c := New(acme(nil))
	golden(t, "launch-spot.json", c.fleetRequest("intent-1", launchOf(fleet.Spot)))
	golden(t, "launch-on-demand.json", c.fleetRequest("intent-2", launchOf(fleet.OnDemand)))

	request, err := c.templateRequest(c.Pools[0])
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "template-ubuntu.json", request)

	stands := launchOf(fleet.OnDemand)
	stands.Standing = true
	golden(t, "launch-standing.json", c.fleetRequest("intent-3", stands))
	request, err = c.templateRequest(PoolSpec{Name: "build", Image: arm64Image, DiskGiB: 40, Market: fleet.OnDemand, Standing: true})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "template-standing.json", request)

	plain := acme(nil)
	plain.PublicIP, plain.Tags = true, nil
	plain.InstanceProfile = "arn:aws:iam::123456789012:instance-profile/machine"
	request, err = New(plain).templateRequest(PoolSpec{Name: "x64", Image: "ami-0123", UserData: []byte("#!/bin/sh\n")})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "template-ami.json", request)
}

func TestAnIntentSentAgainIsTheSameRequest(t *testing.T) {
	first, err := canonical(New(acme(nil)).fleetRequest("intent-1", launchOf(fleet.Spot)))
	if err != nil {
		t.Fatal(err)
	}
	for range 20 { // maps of tags have another order each time
		again, err := canonical(New(acme(nil)).fleetRequest("intent-1", launchOf(fleet.Spot)))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, again) {
			t.Fatalf("request differs (-first +again):\n%s", cmp.Diff(string(first), string(again)))
		}
	}
}

func TestATemplateIsNamedByWhatMachinesGet(t *testing.T) {
	name := func(change func(*Config)) string {
		cfg := acme(nil)
		change(&cfg)
		request, err := New(cfg).templateRequest(cfg.Pools[0])
		if err != nil {
			t.Fatal(err)
		}
		return *request.LaunchTemplateName
	}
	same := name(func(*Config) {})
	for _, tt := range []struct {
		name    string
		change  func(*Config)
		another bool
	}{
		{"tags of the template do not count", func(c *Config) { c.Tags = nil }, false},
		{"nor does the ledger", func(c *Config) { c.Ledger = "ledger-2" }, false},
		{"nor do types, which are in the launch", func(c *Config) { c.Pools[0].Types = nil }, false},
		{"another disk is another template", func(c *Config) { c.Pools[0].DiskGiB = 80 }, true},
		{"another image too", func(c *Config) { c.Pools[0].Image = "ami-1" }, true},
		{"another security group too", func(c *Config) { c.SecurityGroups = []string{"sg-2"} }, true},
		{"a public address too", func(c *Config) { c.PublicIP = true }, true},
		{"other user data too", func(c *Config) { c.Pools[0].UserData = []byte("#!/bin/sh\nexit\n") }, true},
	} {
		if got := name(tt.change); (got != same) != tt.another {
			t.Errorf("%s: name %s, before %s", tt.name, got, same)
		}
	}
}

func TestTheRootDiskIsNamedAsTheImagesPublisherNamesIt(t *testing.T) {
	for _, tt := range []struct {
		spec PoolSpec
		want string
	}{
		{PoolSpec{Image: arm64Image}, "/dev/sda1"},
		{PoolSpec{Image: "ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"}, "/dev/xvda"},
		{PoolSpec{Image: "ssm:/acme/Ubuntu-runner"}, "/dev/sda1"},
		{PoolSpec{Image: "ami-0123"}, "/dev/xvda"},
		{PoolSpec{Image: "ami-0123", RootDevice: "/dev/sda1"}, "/dev/sda1"},
	} {
		if got := tt.spec.root(); got != tt.want {
			t.Errorf("root of %q: got %s, want %s", tt.spec.Image, got, tt.want)
		}
	}
}
