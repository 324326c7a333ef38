package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// settings is what the config says, in .runner.
type settings struct {
	AgentName string
	Ephemeral bool
	Play      string
}

// register is config.sh with a token: GitHub would take the runner and give
// its credentials. The runner gets a job of a second then, if nothing else is
// decided.
func register(root, token string) int {
	fail := func(text string) int {
		fmt.Fprintln(os.Stderr, text)
		return exitError
	}
	if _, err := os.Stat(filepath.Join(root, ".runner")); err == nil {
		return fail("Cannot configure the runner because it is already configured. To reconfigure the runner, run 'config.cmd remove' or './config.sh remove' first.")
	}
	if token == "" {
		return fail("Invalid configuration provided for token. Terminating unattended configuration.")
	}
	if decided(root, "") == "deny" {
		fmt.Fprintln(os.Stderr, "Http response code: NotFound from 'POST https://api.github.com/actions/runner-registration' (Request Id: 1)")
		fmt.Fprintln(os.Stderr, `{"message":"Not Found"}`)
		return fail("Response status code does not indicate success: 404 (Not Found).")
	}
	s := settings{Ephemeral: slices.Contains(os.Args, "--ephemeral"), Play: "job 1s"}
	if i := slices.Index(os.Args, "--name"); i > 0 && i+1 < len(os.Args) {
		s.AgentName = os.Args[i+1]
	}
	data, err := json.Marshal(s)
	if err == nil {
		err = store(root, ".credentials", []byte(`{"scheme":"OAuth"}`))
	}
	if err == nil { // what says that it is configured comes last
		err = store(root, ".runner", data)
	}
	if err != nil {
		return fail(err.Error())
	}
	fmt.Print("\n√ Runner successfully added\n√ Runner connection is good\n√ Settings Saved.\n\n")
	return exitOK
}

func store(root, name string, content []byte) error {
	return os.WriteFile(filepath.Join(root, name), content, 0o600)
}

// forget removes the config, as the runner does when it is of no more use.
func forget(root string) {
	for _, f := range []string{".credentials", ".runner"} {
		_ = os.Remove(filepath.Join(root, f))
		fmt.Println("√ Removed", f)
	}
}

// configure stores the config's files, and reads what is stored.
func configure(root, config string) (s settings, err error) {
	if config != "" {
		data, err := base64.StdEncoding.DecodeString(config)
		if err != nil {
			return s, err
		}
		var files map[string][]byte // base64 in JSON
		if err := json.Unmarshal(data, &files); err != nil {
			return s, err
		}
		for name, content := range files {
			if err := store(root, name, content); err != nil {
				return s, err
			}
		}
	}
	data, err := os.ReadFile(filepath.Join(root, ".runner"))
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(data, &s)
}
