package config

import (
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/schedule"
)

// name is the name of a fleet or a pool. It becomes part of tags, parameter
// paths and runner names, which GitHub bounds at 64 characters.
var name = text{
	pattern: regexp.MustCompile(`^[a-z][a-z0-9-]*$`),
	want:    "lower-case letters, digits and dashes, a letter first",
	max:     32,
}

// fileKeys is the table of the whole file.
func fileKeys() object[File] {
	return object[File]{
		fill: fillFile,
		keys: []key[File]{
			field("fleet", "Name of the fleet, unique in the AWS account and region.", name,
				func(f *File) *string { return &f.Name }).must(),
			field("github", "The GitHub App that the fleet acts as.", gitHubKeys(),
				func(f *File) *GitHub { return &f.GitHub }).must(),
			field("aws", "Where machines are launched. All of it must exist already.", awsKeys(),
				func(f *File) *AWS { return &f.AWS }).must(),
			field("machine", "The programs that make a machine a runner. Without it, images must hold and start them.", machineKeys(),
				func(f *File) *Machine { return &f.Machine }),
			field("serve", "The long-lived server.", serveKeys(),
				func(f *File) *Serve { return &f.Serve }),
			field("limits", "Caps over all pools. What is not said has no cap.", limitKeys(),
				func(f *File) *fleet.Limits { return &f.Limits }),
			field("pools", "Recipes of identical machines. A job runs on the first pool that fits it.",
				list[Pool]{of: poolKeys(), min: 1, max: 1000},
				func(f *File) *[]Pool { return &f.Pools }).must(),
		},
	}
}

func gitHubKeys() object[GitHub] {
	return object[GitHub]{
		fill: fillGitHub,
		keys: []key[GitHub]{
			field("app_id", "Number of the GitHub App.", whole[int64]{1, 1 << 53},
				func(g *GitHub) *int64 { return &g.AppID }).must(),
			field("private_key", "Where the App's private key (PEM) is: ssm:/path, file:path or env:NAME. A list of two while it is rotated.",
				oneOr[Secret]{rotated}, func(g *GitHub) *[]Secret { return &g.PrivateKeys }).must(),
			field("webhook_secrets", "Where the webhook's secret is. Two while it is rotated.", rotated,
				func(g *GitHub) *[]Secret { return &g.WebhookSecrets }).must(),
			field("apps", "More GitHub Apps on the same accounts, whose allowances are used too.",
				list[App]{of: appKeys(), min: 1, max: 10, same: func(a App) string { return fmt.Sprint(a.AppID) }},
				func(g *GitHub) *[]App { return &g.Apps }),
			field("allow", "Accounts that are served. Without it, every account that installed the App.",
				list[fleet.Account]{of: accountKeys(), min: 1, max: 1000},
				func(g *GitHub) *[]fleet.Account { return &g.Allow }),
			field("forks", "Jobs whose run comes from a fork: refuse, allow, or pool NAME. Without it, those of public repositories are refused.",
				forks{}, func(g *GitHub) *fleet.Forks { return &g.Forks }),
			field("api_url", "GitHub's REST API: https://HOST/api/v3 of GitHub Enterprise Server, https://api.SUBDOMAIN.ghe.com of an enterprise there.", apiURL{},
				func(g *GitHub) *string { return &g.APIURL }),
		},
	}
}

func accountKeys() object[fleet.Account] {
	return object[fleet.Account]{
		later: later[fleet.Account]("forks"),
		keys: []key[fleet.Account]{
			field("login", "Name of the organisation or person.", login,
				func(a *fleet.Account) *string { return &a.Login }).must(),
			field("id", "Number of the account, which stays when it is renamed. Without it GitHub is asked once, and the ledger keeps it.", whole[int64]{1, 1 << 53},
				func(a *fleet.Account) *int64 { return &a.ID }),
			field("public", "Public repositories that are served all the same, by name.",
				list[string]{of: repository, min: 1, max: 1000, same: strings.ToLower},
				func(a *fleet.Account) *[]string { return &a.Public }),
		},
	}
}

var login = text{pattern: regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`), want: "a GitHub login", max: 39}

var repository = text{
	pattern: regexp.MustCompile(`^[A-Za-z0-9._-]+$`),
	want:    "the name of a repository, without its owner",
	max:     100,
}

func awsKeys() object[AWS] {
	id := func(prefix string) text {
		return text{pattern: regexp.MustCompile(`^` + prefix + `-[0-9a-z]+$`), want: "an id such as " + prefix + "-0abc", max: 40}
	}
	same := func(s string) string { return s }
	return object[AWS]{
		fill: fillAWS,
		keys: []key[AWS]{
			field("region", "AWS region, such as us-east-1.",
				text{pattern: regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]+$`), want: "a region such as us-east-1", max: 32},
				func(a *AWS) *string { return &a.Region }).must(),
			field("subnets", "Subnets for machines. More zones find more capacity.",
				list[string]{of: id("subnet"), min: 1, max: 64, same: same},
				func(a *AWS) *[]string { return &a.Subnets }).must(),
			field("security_groups", "Security groups of machines. They need no way in.",
				list[string]{of: id("sg"), min: 1, max: 16, same: same},
				func(a *AWS) *[]string { return &a.SecurityGroups }).must(),
			field("instance_profile", "Instance profile of machines, by name.",
				text{pattern: regexp.MustCompile(`^[A-Za-z0-9_+=,.@-]+$`), want: "the profile's name, not its ARN", max: 128},
				func(a *AWS) *string { return &a.InstanceProfile }).must(),
			field("public_ip", "Give machines a public address. Without it, subnets need a way out.", truth{},
				func(a *AWS) *bool { return &a.PublicIP }),
			field("kms_key", "Key for the machines' configs in SSM: id, alias or ARN. Without it, the account's default key.",
				text{pattern: regexp.MustCompile(`^(arn:aws[a-z-]*:kms:.+|alias/[A-Za-z0-9/_-]+|(mrk-)?[0-9a-f-]{32,36})$`),
					want: "a key's id, alias/name or ARN", max: 2048},
				func(a *AWS) *string { return &a.KMSKey }),
			field("drill_role", "Role that AWS FIS acts as in a drill, by ARN. Without it, drills are refused.",
				text{pattern: regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+$`),
					want: "a role's ARN", max: 2048},
				func(a *AWS) *string { return &a.DrillRole }),
			field("queues", "Queues that the server polls, so that notices of Spot reach it.", queueKeys(),
				func(a *AWS) *Queues { return &a.Queues }),
			field("share", "Part of the account's calls to EC2 and SSM that the fleet may use, machines included: above 0, up to 1. Without it, 1.", part{},
				func(a *AWS) *float64 { return &a.Share }),
			field("tags", "Tags of everything that is launched, beside the fleet's own.", tags{},
				func(a *AWS) *map[string]string { return &a.Tags }),
		},
	}
}

func serveKeys() object[Serve] {
	return object[Serve]{
		fill: fillServe,
		keys: []key[Serve]{
			field("listen", "Address that the server listens on.", text{check: wrongListen},
				func(s *Serve) *string { return &s.Listen }),
			field("ledger", "File of the ledger's database. Verbs beside a deployment of functions name its table here: dynamodb:NAME.", ledgerPlace,
				func(s *Serve) *string { return &s.Ledger }),
		},
	}
}

func limitKeys() object[fleet.Limits] {
	return object[fleet.Limits]{
		later: later[fleet.Limits]("usd_per_day"),
		keys: []key[fleet.Limits]{
			field("machines", "Machines of all pools together, stopped ones included.", whole[int]{1, 100_000},
				func(l *fleet.Limits) *int { return &l.Machines }),
			field("launches_per_minute", "Machines launched or started in one minute.", whole[int]{1, 100_000},
				func(l *fleet.Limits) *int { return &l.LaunchesPerMinute }),
			field("found_per_minute", "Machines launched in one minute for jobs that GitHub did not announce. Without it, 60.", whole[int]{1, 100_000},
				func(l *fleet.Limits) *int { return &l.FoundPerMinute }),
		},
	}
}

func poolKeys() object[Pool] {
	return object[Pool]{
		fill:  fillPool,
		apart: [2]string{"shape", "types"},
		keys:  append(append(poolDemandKeys(), poolMachineKeys()...), poolLimitKeys()...),
		later: later[Pool]("warm", "max_price", "close_hard_after", "forks"),
	}
}

// poolDemandKeys say which jobs a pool takes.
func poolDemandKeys() []key[Pool] {
	return []key[Pool]{
		field("name", "Name of the pool, unique in the file.", name,
			func(p *Pool) *string { return &p.Name }).must(),
		field("labels", "Labels of its runners. A job fits when the pool holds all of the job's labels.", labels{},
			func(p *Pool) *fleet.Labels { return &p.Labels }).must(),
		field("group", "Runner group, by name.", group{},
			func(p *Pool) *string { return &p.Group }),
		field("exact", "Take only jobs that name exactly the pool's labels.", truth{},
			func(p *Pool) *bool { return &p.Exact }),
		field("priority", "Of the pools that fit a job, the highest is asked first.", whole[int]{-1000, 1000},
			func(p *Pool) *int { return &p.Priority }),
		field("overflow", "Jobs move on to the next pool that fits when this one is full.", truth{not: true},
			func(p *Pool) *bool { return &p.NoOverflow }),
	}
}

// poolMachineKeys say what a pool's machines are.
func poolMachineKeys() []key[Pool] {
	arches := choice[fleet.Arch]{
		words: []fleet.Arch{fleet.ARM64, fleet.X86},
		also: map[string]fleet.Arch{"arm": fleet.ARM64, "aarch64": fleet.ARM64, "graviton": fleet.ARM64,
			"x64": fleet.X86, "amd64": fleet.X86, "x86": fleet.X86, "x86-64": fleet.X86},
	}
	lifetimes := choice[fleet.Lifetime]{
		words: []fleet.Lifetime{fleet.Ephemeral, fleet.Standing},
		also:  map[string]fleet.Lifetime{"persistent": fleet.Standing, "permanent": fleet.Standing, "once": fleet.Ephemeral},
	}
	registrations := choice[fleet.Registration]{words: []fleet.Registration{fleet.JIT, fleet.Token}}
	markets := choice[fleet.Market]{words: []fleet.Market{fleet.Spot, fleet.OnDemand, fleet.SpotFirst}}
	return []key[Pool]{
		field("arch", "Processor architecture.", arches,
			func(p *Pool) *fleet.Arch { return &p.Arch }).must(),
		field("shape", "Size of its machines; the fleet finds the types. Without shape and types, 4 vCPUs.", shapeKeys(),
			func(p *Pool) *Shape { return &p.Shape }),
		field("types", "Instance types instead of a shape, the best first.",
			list[string]{of: instanceType, min: 1, max: 100, same: func(s string) string { return s }},
			func(p *Pool) *[]string { return &p.Types }),
		field("image", "Machine image, or the SSM parameter that names it. Without it, Ubuntu 24.04.",
			text{pattern: regexp.MustCompile(`^(ami-[0-9a-z]+|ssm:/[A-Za-z0-9_./-]+)$`), want: "ami-... or ssm:/path", max: 1024},
			func(p *Pool) *string { return &p.Image }),
		field("prepared", "The image holds agent and runner.", truth{},
			func(p *Pool) *bool { return &p.Prepared }),
		field("lifetime", "ephemeral: each machine takes one job. standing: they stay for many, and stop outside the hours.", lifetimes,
			func(p *Pool) *fleet.Lifetime { return &p.Lifetime }),
		field("account", "Organisation whose runners a standing pool has. Without it, the one account under allow.", login,
			func(p *Pool) *string { return &p.Account }),
		field("parameters", "Of a standing pool: parameters in SSM for an image that registers by itself. Without them, none.", plainKeys(),
			func(p *Pool) *fleet.Plain { return &p.Plain }),
		field("registration", "How runners register: jit, one config for each, or token, a copy of one token.", registrations,
			func(p *Pool) *fleet.Registration { return &p.Registration }),
		field("disk_gib", "Size of the volume in GiB.", whole[int]{8, 16384},
			func(p *Pool) *int { return &p.DiskGiB }),
		field("market", "How machines are bought. spot-first falls back to on-demand.", markets,
			func(p *Pool) *fleet.Market { return &p.Market }),
	}
}

var instanceType = text{
	pattern: regexp.MustCompile(`^[a-z][a-z0-9-]*\.[a-z0-9-]+$`),
	want:    "an instance type such as c6g.xlarge",
	max:     40,
}

func shapeKeys() object[Shape] {
	return object[Shape]{
		fill: fillShape,
		keys: []key[Shape]{
			field("vcpu", "vCPUs of a machine.", whole[int]{1, 1024},
				func(s *Shape) *int { return &s.VCPU }).must(),
			field("memory_gib", "Memory in GiB: 8, 8..16 or 8... Without it, at least 2 for a vCPU.", amount{100_000},
				func(s *Shape) *Range { return &s.Memory }),
		},
	}
}

// poolLimitKeys bound a pool and the lives of its machines.
func poolLimitKeys() []key[Pool] {
	const day = 24 * time.Hour
	return []key[Pool]{
		field("max", "Machines of the pool, reserved ones included. A standing pool has so many.", whole[int]{1, 100_000},
			func(p *Pool) *int { return &p.Max }).must(),
		field("hours", "When the pool is open. Without them, it never closes.", hoursKeys(),
			func(p *Pool) *schedule.Rule { return &p.Hours }),
		field("boot_limit", "From launch to a registered runner.", span{time.Minute, day},
			func(p *Pool) *time.Duration { return &p.BootLimit }),
		field("idle_limit", "Registered, and no job of its classes waits.", span{10 * time.Second, day},
			func(p *Pool) *time.Duration { return &p.IdleLimit }),
		field("job_limit", "Of one job. GitHub itself ends jobs after 120h.", span{time.Minute, 5 * day},
			func(p *Pool) *time.Duration { return &p.JobLimit }),
		field("alert_after", "A job that could run and waits longer raises an alert.", span{time.Minute, day},
			func(p *Pool) *time.Duration { return &p.AlertAfter }),
	}
}

func wrongListen(s string) string {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return "must be host:port or :port"
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return "must end in a port from 0 to 65535"
	}
	return ""
}
