package main

import (
	"fmt"
	"math"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The values that settings have. Each is read, and refused, with the command
// line: before anything is printed, opened or made. Values that hold a secret
// are not among them, because the errors repeat the value.

// size is a number of bytes, written plainly or as "512MiB" or "5GiB".
type size int64

// mostSize is more than any disk holds, and leaves room for sums.
const mostSize = math.MaxInt64 / 2

// UnmarshalText reads a size.
func (s *size) UnmarshalText(text []byte) error {
	number, unit := string(text), int64(1)
	for i, suffix := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if rest, ok := strings.CutSuffix(number, suffix); ok {
			number, unit = rest, 1<<(10*(i+1))
		}
	}
	n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	if err != nil || n <= 0 || n > mostSize/unit {
		return fmt.Errorf("%q is not a size, for example 512MiB or 5GiB", text)
	}
	*s = size(n * unit)
	return nil
}

// count is a whole number above zero.
type count int

// UnmarshalText reads a count.
func (n *count) UnmarshalText(text []byte) error {
	number, err := strconv.ParseUint(string(text), 10, 16)
	if err != nil || number == 0 {
		return fmt.Errorf("%q is not a whole number from 1 to 65535", text)
	}
	*n = count(number)
	return nil
}

// wait is how long to wait for something, written as "10s" or "5m".
type wait time.Duration

// UnmarshalText reads a time to wait.
func (w *wait) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d < 0 {
		return fmt.Errorf("%q is not a time, for example 10s or 5m", text)
	}
	*w = wait(d)
	return nil
}

// address is the site's own address: where people reach it.
type address string

// UnmarshalText reads an address as browsers write it: in lower case, without a
// slash at its end and without the port that its scheme has anyway.
func (a *address) UnmarshalText(text []byte) error {
	u, err := url.Parse(strings.TrimSpace(string(text)))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || !isHost(u) || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("%q is not an address, for example https://desk.example.com (write a name with other letters as browsers send it, xn--…)", text)
	}
	if path := strings.Trim(u.Path, "/"); path != "" {
		return fmt.Errorf("%q has the path /%s, which is not supported: pages, cookies and API signatures start at the root; give the site its own host name, for example https://desk.example.com", text, path)
	}
	host := strings.ToLower(u.Host)
	usual := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	*a = address(u.Scheme + "://" + strings.TrimSuffix(strings.TrimSuffix(host, usual), ":"))
	return nil
}

// isHost tells whether an address names a host as browsers do.
func isHost(u *url.URL) bool {
	if port := u.Port(); port != "" && !isPort(port) {
		return false
	}
	return u.Hostname() != "" && !strings.ContainsFunc(u.Host, func(r rune) bool { return r <= ' ' || r > '~' })
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0
}

// listenAddress is where the program listens: a port, and a host of this
// machine or none for all.
type listenAddress string

// UnmarshalText reads an address to listen on.
func (l *listenAddress) UnmarshalText(text []byte) error {
	_, port, err := net.SplitHostPort(string(text))
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil || port == "" {
		return fmt.Errorf("%q is not an address, for example 127.0.0.1:8080, or :8080 for all addresses of this machine", text)
	}
	*l = listenAddress(text)
	return nil
}

// proxy is the address of a proxy, or a range of addresses.
type proxy string

// UnmarshalText reads the address of a proxy.
func (p *proxy) UnmarshalText(text []byte) error {
	at := strings.TrimSpace(string(text))
	_, err := netip.ParseAddr(at)
	if err != nil {
		_, err = netip.ParsePrefix(at)
	}
	if err != nil {
		return fmt.Errorf("%q is not an address, for example 10.0.0.1 or 10.0.0.0/8 (a name is not enough)", text)
	}
	*p = proxy(at)
	return nil
}

// region is the name of a region.
type region string

var regionName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)

// UnmarshalText reads the name of a region. Only the database knows which
// regions exist.
func (r *region) UnmarshalText(text []byte) error {
	if !regionName.Match(text) || len(text) > 64 {
		return fmt.Errorf("%q is not a region, for example cn-hangzhou", text)
	}
	*r = region(text)
	return nil
}

// domain is a name that others stand below.
type domain string

var domainName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?$`)

// UnmarshalText reads a domain, or nothing.
func (d *domain) UnmarshalText(text []byte) error {
	name := strings.ToLower(string(text))
	if name != "" && (!domainName.MatchString(name) || len(name) > 180) {
		return fmt.Errorf("%q is not a domain, for example objects.example.com", text)
	}
	*d = domain(name)
	return nil
}

// rate is a number of requests a second, 0 for any.
type rate float64

// UnmarshalText reads a rate.
func (r *rate) UnmarshalText(text []byte) error {
	n, err := strconv.ParseFloat(string(text), 64)
	if err != nil || !(n >= 0 && n <= 1e6) { // neither is NaN
		return fmt.Errorf("%q is not a number of requests a second, for example 50, or 0 for no limit", text)
	}
	*r = rate(n)
	return nil
}
