package main

import (
	"runtime"
	"runtime/debug"
)

// version is the version of this program: that of the module, with the commit
// and its time if the build knew them, or else "(devel)".
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	text, set := info.Main.Version, map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	if commit := set["vcs.revision"]; commit != "" {
		text += " commit " + commit + " of " + set["vcs.time"]
	}
	if set["vcs.modified"] == "true" {
		text += " with changes"
	}
	return text
}

// fullVersion is version with the Go version and platform.
func fullVersion() string {
	return "quartermaster " + version() + " (" + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH + ")"
}
