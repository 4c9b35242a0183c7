#!/bin/sh
# Adds Kubernetes to the package half of the node. Runs inside its container, which is then
# committed: /in/bin holds the binaries, /in/data this folder.
set -eu
kubernetes=$1 etcd=$2 coredns=$3 pause=$4 metrics_server=$5

install -m 0755 /in/bin/kube /usr/bin/
for name in kubeadm kubelet kubectl; do ln -s kube "/usr/bin/$name"; done
install -D -m 0644 /in/data/cni.conflist /etc/cni/net.d/10-kaldra.conflist
install -D -m 0644 /in/data/default-cni.yaml /kind/manifests/default-cni.yaml
install -D -m 0644 /in/data/default-storage.yaml /kind/manifests/default-storage.yaml
printf 'v%s' "$kubernetes" > /kind/version

containerd >/tmp/containerd.log 2>&1 &
containerd=$!
tries=0
until ctr version >/dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -gt 100 ]; then cat /tmp/containerd.log >&2; exit 1; fi
  sleep 0.1
done
# Unpacking fails on an overlay over an overlay; the node's /var is a volume and unpacks at run time.
python3 /in/data/pack_images.py /in/bin "$kubernetes" "$etcd" "$coredns" "$pause" "$metrics_server" \
  | ctr --namespace k8s.io images import --no-unpack -
kill "$containerd"
wait "$containerd" || true
rm -f /tmp/containerd.log
