package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"quartermaster/handlers"
	"quartermaster/models"
	"quartermaster/models/demo"
	"quartermaster/web"
)

// serve is the server and its worker.
type serve struct {
	Listen      listenAddress `default:"127.0.0.1:8080" help:"Address to listen on. For other machines, put a TLS proxy in front."`
	BaseURL     address       `placeholder:"https://…" help:"Address of the site as people use it. Links, invitations, printed codes and cookies follow it. Empty means the address it listens on."`
	Proxies     []proxy       `name:"trusted-proxies" placeholder:"10.0.0.1,…" help:"Addresses of proxies whose X-Forwarded-For is trusted. None by default: anyone can write that header."`
	UploadLimit size          `default:"5GiB" placeholder:"5GiB" help:"Largest single upload."`
	Region      region        `name:"default-region" default:"cn-hangzhou" help:"Region of Web+ requests without one, such as those of the classic SDKs."`
	Rate        rate          `name:"api-rate" default:"50" help:"Requests a second per access key; short bursts may be 10 times that. 0 is no limit."`
	ObjectRate  rate          `name:"object-rate" default:"1000" help:"Requests a second per access key to the object API (OSS); short bursts may be 10 times that. 0 is no limit."`
	Domain      domain        `name:"object-domain" placeholder:"objects.example.com" help:"Domain set aside for buckets: with DNS for *.DOMAIN, OSS clients reach a bucket at BUCKET.DOMAIN. Nothing else is served there."`
	Demo        bool          `help:"Start with a sample team in its own data folder. Refused for a folder with real data."`
	StopTimeout wait          `default:"10s" placeholder:"10s" help:"How long running requests may take to finish when the program stops. Uploads that need longer are refused and can be sent again. Let your supervisor wait 5 seconds longer than this."`
	logging     `embed:""`
}

// Run serves until ctx ends, and then lets requests finish, stops the worker
// between two steps and closes the database.
func (s *serve) Run(ctx context.Context, out io.Writer, d *data, unknown strangers) error {
	log := s.logger()
	listener, err := net.Listen("tcp", string(s.Listen))
	if err != nil {
		return fmt.Errorf("--listen %s: %w", s.Listen, err)
	}
	defer listener.Close()
	unknown.log(log)
	var clock demo.Clock
	db, err := d.open(ctx, s.Demo, clock.Now, log)
	if err != nil {
		return err
	}
	s.announce(ctx, log, db, listener, d.folder(s.Demo))
	if s.Demo {
		err = s.demo(ctx, out, db, listener, &clock, d.folder(true))
	} else {
		err = s.greet(ctx, out, db, listener)
	}
	if err == nil {
		err = s.serve(ctx, db, listener, log)
	}
	return errors.Join(err, db.Close())
}

// announce logs what is served, and warns of settings that work but are not as
// they should be.
func (s *serve) announce(ctx context.Context, log *slog.Logger, db *models.DB, listener net.Listener, folder string) {
	if whole, err := filepath.Abs(folder); err == nil {
		folder = whole
	}
	at := s.site(listener)
	log.Info("serving", "version", version(), "address", listener.Addr().String(), "base_url", at, "database", db.Name(), "folder", folder)
	if s.BaseURL == "" && !onlyHere(listener) {
		log.Warn("other machines can reach this site and --base-url is not set: the links that are sent and printed (QR), "+
			"cookies and the cross-origin check go by the assumed address; set --base-url to the address that people use", "assumed", at)
	}
	regions, err := db.ListRegions(ctx, models.KindBucket)
	if err == nil && !slices.ContainsFunc(regions, func(r models.Region) bool { return r.ID == string(s.Region) }) {
		log.Warn("--default-region is no region with buckets: Web+ requests that name no region are refused", "region", string(s.Region))
	}
}

// onlyHere tells whether a listener can be reached from its machine alone.
func onlyHere(l net.Listener) bool {
	at, ok := l.Addr().(*net.TCPAddr)
	return ok && at.IP.IsLoopback()
}

func (s *serve) serve(ctx context.Context, db *models.DB, listener net.Listener, log *slog.Logger) error {
	isDemo, err := db.IsDemo(ctx)
	if err != nil {
		return err
	}
	proxies := make([]string, len(s.Proxies))
	for i, p := range s.Proxies {
		proxies[i] = string(p)
	}
	routes, err := handlers.Routes(handlers.Config{
		Site: web.Site{
			DB: db, BaseURL: s.site(listener), Assumed: s.BaseURL == "", Proxies: proxies, Demo: isDemo, Log: log,
		},
		UploadLimit: int64(s.UploadLimit),
		Region:      string(s.Region),
		Rate:        float64(s.Rate),

		ObjectRate:   float64(s.ObjectRate),
		ObjectDomain: string(s.Domain),
	})
	if err != nil {
		return err
	}
	server := web.NewServer(routes, log, web.Patience)

	var working sync.WaitGroup
	workerCtx, stopWorker := context.WithCancel(context.WithoutCancel(ctx))
	working.Go(func() { (&models.Worker{DB: db, Log: log}).Run(workerCtx) })
	defer func() { stopWorker(); working.Wait() }()

	// What the start needed and nobody needs again, most of the memory there is
	// then: the runtime would keep it for as long as little happens.
	debug.FreeOSMemory()
	// Little is alive at a time and a page leaves much behind: with half as many
	// collections a list takes a tenth less of the processor, for some MiB under load.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	log.Info("stopping")
	stopWorker()
	return server.Stop(time.Duration(s.StopTimeout))
}

// demo fills an empty data folder with the sample team and prints who can sign
// in. It is refused on a folder with real data.
func (s *serve) demo(ctx context.Context, out io.Writer, db *models.DB, listener net.Listener, clock *demo.Clock, folder string) error {
	if err := db.ClaimForDemo(ctx); errors.Is(err, models.ErrConflict) {
		return errors.New("this data folder holds real data; --demo needs a folder of its own")
	} else if err != nil {
		return err
	}
	people, err := demo.Fill(ctx, db, clock, folder)
	if err != nil {
		return fmt.Errorf("fill the demo: %w", err)
	}
	fmt.Fprintf(out, "Quartermaster is ready with a sample team. Sign in at %s/sign-in\n\n", s.site(listener))
	return printPeople(out, people)
}

// greet prints where to go: the setup link or the page to sign in. The link is
// printed and never logged.
func (s *serve) greet(ctx context.Context, out io.Writer, db *models.DB, listener net.Listener) error {
	at := s.site(listener)
	token, err := db.NewSetupToken(ctx)
	switch {
	case errors.Is(err, models.ErrConflict):
		fmt.Fprintf(out, "Quartermaster is ready. Sign in at %s/sign-in\n", at)
		return nil
	case err != nil:
		return err
	}
	fmt.Fprintf(out, "Quartermaster is ready. Open this link to set it up; it works once:\n\n  %s/setup?link=%s\n\n", at, token)
	return nil
}

// site is the address at which people reach the site.
func (s *serve) site(listener net.Listener) string {
	if s.BaseURL != "" {
		return string(s.BaseURL)
	}
	host, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return ""
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}
