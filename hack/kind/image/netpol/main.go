// netpol enforces NetworkPolicies with sigs.k8s.io/kube-network-policies, the engine that kindnetd uses.
// It is a module of its own because its client-go is older than that of hyper.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
)

// queue is the netfilter queue that the engine answers.
const queue = 100

func main() {
	if err := enforce(context.Background()); err != nil {
		log.Fatal("netpol: ", err)
	}
}

func enforce(ctx context.Context) error {
	cfg, err := rest.InClusterConfig()
	if err != nil {
		return err
	}
	node, err := os.Hostname()
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return err
	}
	informed := informers.NewSharedInformerFactory(client, 0)
	// NRIdisabled stays false: set, v0.8.0 calls a method of a nil pointer for an address that is no pod's.
	controller, err := networkpolicy.NewController(client,
		informed.Networking().V1().NetworkPolicies(), informed.Core().V1().Namespaces(), informed.Core().V1().Pods(),
		nil, nil, nil, nil,
		networkpolicy.Config{NodeName: node, QueueID: queue, FailOpen: true})
	if err != nil {
		return err
	}
	informed.Start(ctx.Done())
	if err := divert(); err != nil {
		return err
	}
	return controller.Run(ctx)
}

// divert sends the first packet of each forwarded connection to the engine. The engine asks for this by
// nftables' own "queue", which some kernels lack (CONFIG_NFT_QUEUE); the xtables target does the same.
// Traffic of the node itself, such as probes, does not pass FORWARD.
func divert() error {
	rule := []string{"FORWARD", "-m", "conntrack", "--ctstate", "NEW", "-m", "comment", "--comment", "netpol",
		"-j", "NFQUEUE", "--queue-num", fmt.Sprint(queue), "--queue-bypass"}
	if mangle("-C", rule) == nil {
		return nil
	}
	return mangle("-A", rule)
}

func mangle(action string, rule []string) error {
	out, err := exec.Command("iptables", append([]string{"-w", "-t", "mangle", action}, rule...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("iptables %s: %w: %s", action, err, out)
	}
	return nil
}
