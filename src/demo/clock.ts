/**
 * SQL for this moment in the server's own clock. The platform's DATETIME columns are in that clock, without saying so,
 * while our sessions run in UTC.
 */
export const SERVER_NOW = "CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', 'SYSTEM')";
