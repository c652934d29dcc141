{{- define "edgepair.labels" -}}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
app.kubernetes.io/name: edgepair-operator
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "edgepair.selector" -}}
app.kubernetes.io/name: edgepair-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "edgepair.name" -}}
{{- if contains "edgepair" .Release.Name }}{{ .Release.Name }}-operator{{ else }}{{ .Release.Name }}-edgepair-operator{{ end }}
{{- end }}

{{- define "edgepair.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "edgepair.name" .) }}
{{- end }}

{{- define "edgepair.image" -}}
{{- .image.repository }}:{{ .image.tag | default .appVersion }}
{{- end }}
