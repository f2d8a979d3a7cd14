/** Types of the functions that are used: the parser comes without types. */
declare module "parse-prometheus-text-format" {
  interface Family {
    readonly name: string;
    readonly metrics: { value?: string; count?: string; labels?: Record<string, string> }[];
  }
  export default function parsePrometheusTextFormat(text: string): Family[];
}
