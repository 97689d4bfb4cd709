export interface FigureProps {
  readonly label: string;
  readonly value: string;
  readonly unit?: string;
  readonly className?: string;
}

/** A number that is to be seen from afar, and what it is. */
export function Figure({ label, value, unit, className = '' }: FigureProps) {
  return (
    <div className={`figure ${className}`}>
      <dt>{label}</dt>
      <dd>
        {value}
        {unit !== undefined && value !== NONE && <small> {unit}</small>}
      </dd>
    </div>
  );
}

/** Where there is no number. */
export const NONE = '–';
