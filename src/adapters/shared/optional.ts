/**
 * Loads a package that only some applications have installed. `entry`: who needs it, such as `portal-ws/metrics`.
 * @throws Error that says what to install where it is not there
 */
export function optional<Package>(entry: string, name: string, load: () => Package): Package {
  try {
    return load();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== 'MODULE_NOT_FOUND' || !message.includes(`'${name}'`)) throw cause;
    throw new Error(`${entry} needs the package ${name}: npm install ${name}`, { cause });
  }
}
