import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '@fontsource-variable/ibm-plex-sans';
import '../../react/styles.css';
import '../styles/base.css';
import '../styles/bar.css';
import '../styles/panes.css';
import '../styles/tools.css';
import '../styles/debug.css';
import '../styles/frames.css';

import { rememberIdentity } from '../arena/identity.ts';
import { applyTheme, rememberedTheme } from '../arena/theme.ts';
import { FaultScreen } from '../tools/fault-screen.tsx';
import { Debugger } from './debugger.tsx';

applyTheme(rememberedTheme());
createRoot(document.getElementById('page') as HTMLElement).render(
  <StrictMode>
    <FaultScreen onReset={() => rememberIdentity(undefined)}>
      <Debugger />
    </FaultScreen>
  </StrictMode>,
);
