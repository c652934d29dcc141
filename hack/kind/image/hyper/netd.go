package main

// netd is the pod network of a node: it stands for kindnetd and is started by kind's own manifest of it.
// It writes the CNI configuration for the node's pod range and keeps one route for each other node.

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	"github.com/vishvananda/netlink"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

const (
	confPath   = "/etc/cni/net.d/10-kindnet.conflist"
	interval   = 2 * time.Second
	roundLimit = 10 * time.Second
	mtuDefault = 1500
	conflist   = `{"cniVersion":"0.4.0","name":"kindnet","plugins":[
{"type":"ptp","ipMasq":false,"mtu":%d,"ipam":{"type":"host-local","dataDir":"/run/cni-ipam-state","routes":[{"dst":"0.0.0.0/0"}],"ranges":[[{"subnet":"%s"}]]}},
{"type":"portmap","capabilities":{"portMappings":true}}]}
`
)

// node is what netd knows about the node it runs on.
type node struct {
	address   net.IP
	podSubnet string
	mtu       int
}

// netd keeps the pod network until the process is ended; it returns only when it cannot start.
func netd() error {
	cfg, err := rest.InClusterConfig()
	if err != nil {
		return fmt.Errorf("netd: %w", err)
	}
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return fmt.Errorf("netd: %w", err)
	}
	go keepPolicies()
	me := node{address: net.ParseIP(os.Getenv("HOST_IP")), podSubnet: os.Getenv("POD_SUBNET"), mtu: mtu()}
	for said := ""; ; time.Sleep(interval) {
		outcome := "in step"
		if err := me.round(client); err != nil {
			outcome = err.Error()
		}
		if outcome != said {
			fmt.Println("netd:", outcome)
			said = outcome
		}
	}
}

// keepPolicies keeps netpol, which enforces NetworkPolicies, running beside netd.
func keepPolicies() {
	for ; ; time.Sleep(interval) {
		netpol := exec.Command("netpol")
		netpol.Stdout, netpol.Stderr = os.Stdout, os.Stderr
		fmt.Println("netd: netpol ended:", netpol.Run())
	}
}

func mtu() int {
	if link, err := netlink.LinkByName("eth0"); err == nil {
		return link.Attrs().MTU
	}
	return mtuDefault
}

// round brings configuration, routes and masquerading in step with the nodes of the cluster.
func (me node) round(client kubernetes.Interface) error {
	ctx, cancel := context.WithTimeout(context.Background(), roundLimit)
	defer cancel()
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for i := range nodes.Items {
		if err := me.follow(&nodes.Items[i]); err != nil {
			return err
		}
	}
	return me.masquerade()
}

// follow writes the CNI configuration when n is this node, else the route to n's pods.
func (me node) follow(n *corev1.Node) error {
	gateway := internalIP(n)
	if n.Spec.PodCIDR == "" || gateway == nil {
		return nil
	}
	if gateway.Equal(me.address) {
		return writeConf(fmt.Sprintf(conflist, me.mtu, n.Spec.PodCIDR))
	}
	_, pods, err := net.ParseCIDR(n.Spec.PodCIDR)
	if err != nil {
		return err
	}
	if err := netlink.RouteReplace(&netlink.Route{Dst: pods, Gw: gateway}); err != nil {
		return fmt.Errorf("route %s via %s: %w", pods, gateway, err)
	}
	return nil
}

func internalIP(n *corev1.Node) net.IP {
	for _, a := range n.Status.Addresses {
		if a.Type != corev1.NodeInternalIP {
			continue
		}
		if ip := net.ParseIP(a.Address).To4(); ip != nil {
			return ip
		}
	}
	return nil
}

// writeConf replaces the file in one step: the container runtime watches the folder.
func writeConf(want string) error {
	if have, _ := os.ReadFile(confPath); string(have) == want {
		return nil
	}
	if err := os.WriteFile(confPath+".tmp", []byte(want), 0o644); err != nil {
		return err
	}
	return os.Rename(confPath+".tmp", confPath)
}

// masquerade gives packets that leave the pod network the node's address.
func (me node) masquerade() error {
	rule := []string{"POSTROUTING", "-s", me.podSubnet, "!", "-d", me.podSubnet,
		"-m", "comment", "--comment", "netd", "-j", "MASQUERADE"}
	if nat("-C", rule) == nil {
		return nil
	}
	return nat("-A", rule)
}

func nat(action string, rule []string) error {
	out, err := exec.Command("iptables", append([]string{"-w", "-t", "nat", action}, rule...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("iptables %s: %w: %s", action, err, out)
	}
	return nil
}
